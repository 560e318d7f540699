"""The loop that runs the tables, and what it says when a text does not fit."""

from collections.abc import Iterable
from typing import Any

from ptera_selector._build import Build
from ptera_selector._model import Selector
from ptera_selector._scan import NAME
from ptera_selector._tables import State, Tables


class StuckError(Exception):
    """A token cannot continue.

    Args:
        token: The token; the empty string at the end.
        kind: Its kind.
    """

    def __init__(self, token: str, kind: str) -> None:
        """Name the token."""
        super().__init__(token)
        self.token = token
        self.kind = kind


def run(tables: Tables, text: str, tokens: Iterable[str]) -> Selector:
    """Make the tree of a text.

    Raises:
        StuckError: If a token cannot continue.
        SelectorSyntaxError: If a static rule is broken.
        UnplacedError: Likewise, where the tokens do not know their place.
    """
    kinds, kind_of = tables.scanner.kinds, tables.scanner.kind
    build = Build(text)
    state = tables.start
    stack = [state]
    values: list[Any] = []
    action: Any
    for token in tokens:
        kind = kinds.get(token) or (NAME if token.isidentifier() else kind_of(token))
        # Flat on purpose: this is where the time of a parse goes, and `pop` is faster than a slice.
        while (action := state.get(kind)).__class__ is tuple:
            size, name, make = action
            if size == 1:
                if make is not None:
                    values[-1] = make(build, values[-1])
            elif size == 2:
                last = values.pop()
                values[-1] = make(build, values[-1], last)
                stack.pop()
            elif size == 3:
                last, middle = values.pop(), values.pop()
                values[-1] = make(build, values[-1], middle, last)
                stack.pop()
                stack.pop()
            else:
                values[-size:] = (make(build, *values[-size:]),)
                del stack[1 - size :]
            stack[-1] = state = stack[-2][name]
        if action is None:
            raise StuckError(token, kind)
        state = action
        stack.append(state)
        values.append(token)
    selector: Selector = values[0]
    return selector


def stack_after(tables: Tables, tokens: Iterable[str]) -> list[State]:
    """The states in which the parser is after some tokens, which it takes."""
    kinds, kind_of = tables.scanner.kinds, tables.scanner.kind
    stack = [tables.start]
    for token in tokens:
        kind = kinds.get(token) or (NAME if token.isidentifier() else kind_of(token))
        stack.append(reduce(stack, kind)[kind])
    return stack


def accepts(stack: list[State], kind: str) -> bool:
    """Whether a token of a kind could continue."""
    return kind in reduce(stack.copy(), kind)


def reduce(stack: list[State], kind: str) -> State:
    """Apply the rules that come before a token, to the states alone; the state after them."""
    action: Any
    while (action := stack[-1].get(kind)).__class__ is tuple:
        size, name, _ = action
        del stack[-size:]
        stack.append(stack[-1][name])
    return stack[-1]
