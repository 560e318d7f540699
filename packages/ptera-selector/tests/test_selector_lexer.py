"""The colours of selectors."""

# Pygments has no annotations.
# mypy: disable-error-code="import-untyped"

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
    Whitespace,
    _TokenType,
)

from ptera_selector._pygments import SelectorLexer


def colours(text: str) -> list[tuple[str, _TokenType]]:
    tokens = SelectorLexer().get_tokens(text)
    return [(value, kind) for kind, value in tokens if kind is not Whitespace]


def test_lexer_is_found_by_its_name() -> None:
    assert isinstance(get_lexer_by_name("ptera"), SelectorLexer)


def test_functions_and_variables() -> None:
    assert colours("f{x, g:C[0]} > y") == [
        ("f", Name.Function),
        ("{", Punctuation),
        ("x", Name.Variable),
        (",", Punctuation),
        ("g", Name.Function),
        (":", Punctuation),
        ("C", Name.Class),
        ("[", Punctuation),
        ("0", Number),
        ("]", Punctuation),
        ("}", Punctuation),
        (">", Operator),
        ("y", Name.Variable),
    ]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("x as y", "as", Keyword),
        ("f > #value", "#value", Name.Variable.Magic),
        ("/pkg.mod/f > x", "/pkg.mod/f", Name.Function),
        ("f >> x", ">>", Operator),
        ("f{!!x}", "!!", Operator),
        ("f{x=word}", "word", String.Symbol),
        ("f[word]", "word", String.Symbol),
        ("f{x='a b'}", "'a b'", String),
        ("f{x=-1.5e3}", "-1.5e3", Number),
        ("f{x~m.p}", "m.p", Name.Function),
        ("x:@C", "@", Name.Decorator),
        ("x:(A & B)", "B", Name.Class),
        ("$x", "x", Name.Variable),
        ("// note", "// note", Comment.Single),
        ("f > %", "%", Error),
    ],
)
def test_colour_of(text: str, value: str, kind: _TokenType) -> None:
    assert (value, kind) in colours(text)
    assert kind in Token
