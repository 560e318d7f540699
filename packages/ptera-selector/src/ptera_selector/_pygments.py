"""Colours for selectors, where Pygments is installed."""

# Pygments has no annotations: what it hands over is not checked in this file.
# mypy: disable-error-code="import-untyped, misc"
# pyright: basic

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, default, words
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

_NAME = r"[^\W\d]\w*"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_CATEGORY = rf"(::?)(\s*)(@\s*)?({_DOTTED})"


class SelectorLexer(RegexLexer):
    """The lexer `ptera`: functions, variables, points, categories, marks and values.

    Examples:
        >>> from pygments import lex
        >>> from pygments.token import Name
        >>> [text for kind, text in lex("f > x", SelectorLexer()) if kind is Name.Function]
        ['f']
    """

    name = "Ptera selector"
    aliases: ClassVar[list[str]] = ["ptera", "ptera-selector"]
    filenames: ClassVar[list[str]] = ["*.ptera"]
    url = "https://pypi.org/project/ptera-selector/"

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"^\s*//.*$", Comment.Single),
            (r"\s+", Whitespace),
            (r"as\b", Keyword),
            (words(("True", "False", "None"), suffix=r"\b"), Keyword.Constant),
            (r"#\w+", Name.Variable.Magic),
            (r"/[\w.*/]+", Name.Function),
            (_CATEGORY, bygroups(Punctuation, Whitespace, Name.Decorator, Name.Class)),
            (r"(::?)(\s*)(\()", bygroups(Punctuation, Whitespace, Punctuation), "categories"),
            (r"@", Name.Decorator),
            (rf"(~)(\s*)({_DOTTED})", bygroups(Operator, Whitespace, Name.Function)),
            (rf"(=)(\s*)({_DOTTED})", bygroups(Operator, Whitespace, String.Symbol)),
            (rf"(\[)(\s*)({_DOTTED})", bygroups(Punctuation, Whitespace, String.Symbol)),
            (rf"(\$)(\s*)({_NAME})", bygroups(Operator, Whitespace, Name.Variable)),
            # In front of a bracket or `>`, a category in between or not, a name is a function.
            (rf"{_DOTTED}(?=\s*(?:::?[\s@]*(?:{_DOTTED}|\([^)]*\))\s*)?[>{{(\[])", Name.Function),
            (_DOTTED, Name.Variable),
            (r"\*", Name.Function),
            (r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", Number),
            (r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', String),
            (r">>|>|!!|!|=|~|&", Operator),
            (r"[{}()\[\],:]", Punctuation),
            (r".", Error),
        ],
        "categories": [
            (r"\s+", Whitespace),
            (r"@", Name.Decorator),
            (_DOTTED, Name.Class),
            (r"&", Operator),
            (r"\)", Punctuation, "#pop"),
            default("#pop"),
        ],
    }
