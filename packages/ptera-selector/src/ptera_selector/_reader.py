"""Text to tree: once quickly, and once more with care if the text is wrong."""

from collections.abc import Sequence
from typing import NoReturn

from ptera_selector._check import second_focus, second_target
from ptera_selector._engine import StuckError, run
from ptera_selector._errors import SelectorSyntaxError
from ptera_selector._hints import describe
from ptera_selector._model import Selector
from ptera_selector._scan import Token, UnplacedError, place
from ptera_selector._tables import Tables

# How deep calls and parentheses may be nested, by braces or by `>`: a tree of this depth can still
# be compared, printed, copied and pickled within the depth of recursion that Python allows.
MAX_DEPTH = 64

_OPENING = ("{", "(", "[")
_CLOSING = ("}", ")", "]")


class Reader:
    """The parser.

    Args:
        tables: The tables that it runs.
    """

    __slots__ = ("_tables",)

    def __init__(self, tables: Tables) -> None:
        """Keep the tables."""
        self._tables = tables

    def read(self, text: str) -> Selector:
        """Make the tree of a text.

        Raises:
            SelectorSyntaxError: If the text is no selector.
            TypeError: If it is no text.
        """
        # For callers without a type checker: anything else would fail further in.
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a selector is a string, found {text!r}")
        tokens = self._tables.scanner.plain(text)
        if len(tokens) > MAX_DEPTH and _too_deep(tokens) is not None:
            self._refuse(text)
        try:
            return run(self._tables, text, tokens)
        except (StuckError, UnplacedError):
            pass
        self._refuse(text)

    def _refuse(self, text: str) -> NoReturn:
        """Raise the error of a text that is known to be wrong."""
        tokens = self._tables.scanner.placed(text)
        too_deep = _too_deep(tokens)
        try:
            run(self._tables, text, tokens[:too_deep])
        except StuckError as stuck:
            error = _second_mark(text, tokens, stuck) or describe(self._tables, text, tokens, stuck)
        else:
            assert too_deep is not None
            reason = f"more than {MAX_DEPTH} calls in one another"
            error = SelectorSyntaxError(text, tokens[too_deep].at, reason)
        raise error from None


def _second_mark(
    text: str, tokens: Sequence[Token], stuck: StuckError
) -> SelectorSyntaxError | None:
    """The error of a second mark, if there is one before the token that cannot continue."""
    until = place(stuck.token)
    for mark, error in (("!", second_focus), ("!!", second_target)):
        marks = [token for token in tokens if token == mark and token.at < until]
        if len(marks) > 1:
            return error(text, marks[1])
    return None


def _too_deep(tokens: Sequence[str]) -> int | None:
    """The index of the first token that goes deeper than is allowed."""
    depth = 0
    around: list[int] = []
    last = ""
    for index, token in enumerate(tokens):
        if token in _OPENING:
            around.append(depth)
            depth += 1
        elif token in _CLOSING:
            depth = around.pop() if around else depth
        elif token == ",":
            depth = around[-1] + 1 if around else depth
        elif token in (">", ">>") and last not in _OPENING and last != ",":
            depth += 1
        if depth > MAX_DEPTH:
            return index
        last = token
    return None
