"""Text to tokens.

Most texts are right, so tokens are plain strings at first, found by one call. A text that turns out
wrong is read again, with tokens that know their place; only then is an error made.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# The kind of the end of the text, as Lark calls it.
END = "$END"
# The kind of what begins no token.
UNKNOWN = "UNKNOWN"
NAME = "NAME"
DOTTED = "DOTTED"

# A part of a token that may be an identifier.
_WORD = re.compile(r"[^\W\d]\w*")


class Token(str):
    """A token that knows its place in the text."""

    at: int

    def __new__(cls, text: str, at: int) -> "Token":
        """Make a token of what stands at a place."""
        token = super().__new__(cls, text)
        token.at = at
        return token


class UnplacedError(Exception):
    """An error has to point at a plain string: the text must be read again, with places."""


def place(token: str) -> int:
    """Where a token stands in the text, from 0."""
    if isinstance(token, Token):
        return token.at
    raise UnplacedError


@dataclass(frozen=True, slots=True)
class Scanner:
    """What finds tokens, and tells their kinds.

    The kind of a sign or keyword is itself, that of any other token the name of its terminal.

    Args:
        token: Matches the next token. Whitespace needs no rule: the search runs over what nothing
            matches, and the last alternative matches every other character.
        kinds: The kinds of signs and keywords, and of the empty string, the end.
        classes: Matches a token that is neither; the group is its kind.
    """

    token: re.Pattern[str]
    kinds: dict[str, str]
    classes: re.Pattern[str]

    def plain(self, text: str) -> list[str]:
        """The tokens of a text, and the end, as plain strings."""
        tokens: list[str] = self.token.findall(text)
        if not text.isascii():
            tokens = [_normal(token) for token in tokens]
        tokens.append("")
        return tokens

    def placed(self, text: str) -> list[Token]:
        """The tokens of a text, and the end, with their places."""
        tokens = [Token(_normal(match[0]), match.start()) for match in self.token.finditer(text)]
        return [*tokens, Token("", len(text))]

    def kind(self, token: str) -> str:
        """The kind of a token that is neither a sign nor a simple name."""
        match = self.classes.fullmatch(token)
        kind = match and match.lastgroup
        if kind is None or (kind in (NAME, DOTTED) and not _is_name(token)):
            return UNKNOWN
        return kind


def make_scanner(signs: Iterable[str], patterns: dict[str, str]) -> Scanner:
    """Make a scanner.

    Args:
        signs: The signs and keywords. No sign begins another kind of token.
        patterns: The expression of each other kind.
    """
    kinds = {sign: sign for sign in signs} | {"": END}
    marks = sorted((sign for sign in signs if not sign.isidentifier()), key=len, reverse=True)
    long = [re.escape(sign) for sign in marks if len(sign) > 1]
    short = "[" + "".join(re.escape(sign) for sign in marks if len(sign) == 1) + "]"
    # Names come first because they are the most frequent; keywords are names by shape.
    names = [patterns[DOTTED], patterns[NAME]]
    others = [pattern for kind, pattern in patterns.items() if kind not in (DOTTED, NAME)]
    # A quote left open takes the rest of its line, lest each quote in it be tried as well.
    token = re.compile("|".join([*names, *long, short, *others, r"[\"'].*", r"\S"]))
    classes = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in patterns.items())
    return Scanner(token, kinds, re.compile(classes))


def _is_name(token: str) -> bool:
    return all(part.isidentifier() for part in token.split("."))


def _normal(token: str) -> str:
    """A token with its names as Python keeps them, normalised (`ﬁ` is `fi`); strings stay."""
    if token.isascii() or token[0] in "'\"":
        return token
    return _WORD.sub(_normal_word, token)


def _normal_word(match: re.Match[str]) -> str:
    word = match[0]
    # What is no name (`x²`) must not become one.
    return unicodedata.normalize("NFKC", word) if word.isidentifier() else word
