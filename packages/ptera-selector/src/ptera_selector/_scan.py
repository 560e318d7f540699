"""Text to tokens.

Most texts are right, so tokens are plain strings at first, found by one call. A text that turns out
wrong is read again, with tokens that know their place; only then is an error made.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The kind of the end of the text, as Lark calls it.
END = "$END"
# The kind of what begins no token.
UNKNOWN = "UNKNOWN"
NAME = "NAME"
DOTTED = "DOTTED"


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
        if not text.isascii():
            return [str(token) for token in self.placed(text)]
        tokens: list[str] = self.token.findall(text)
        tokens.append("")
        return tokens

    def placed(self, text: str) -> list[Token]:
        """The tokens of a text, and the end, with their places."""
        tokens: list[Token] = []
        for match in self.token.finditer(text):
            tokens += _pieces(match[0], match.start())
        return [*tokens, Token("", len(text))]

    def kind(self, token: str) -> str:
        """The kind of a token that is neither a sign nor a simple name."""
        match = self.classes.fullmatch(token)
        return (match and match.lastgroup) or UNKNOWN


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


def _pieces(token: str, at: int) -> Iterator[Token]:
    """A token with its names as Python keeps them (`ﬁ` is `fi`); what is in no name is cut off."""
    if token.isascii() or token[0] in "'\"":
        yield Token(token, at)
        return
    good = _names_until(token)
    if good:
        yield Token(unicodedata.normalize("NFKC", token[:good]), at)
    if good < len(token):
        yield Token(token[good:], at + good)


def _names_until(token: str) -> int:
    """How much of a token consists of names and what stands between them."""
    before = "."
    for index, char in enumerate(token):
        begins = before in "./#"
        if not char.isascii() and not (char if begins else f"a{char}").isidentifier():
            return index - 1 if begins and index else index
        before = char
    return len(token)
