"""Text to tree: the loop that runs the tables."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NoReturn

from ptera_selector._build import Build
from ptera_selector._errors import SelectorSyntaxError
from ptera_selector._model import Selector

if TYPE_CHECKING:
    from ptera_selector._tables import Tables


@cache
def _tables() -> "Tables":
    # Here and not above: this imports Lark, which a program that parses nothing need not wait for.
    from ptera_selector._tables import read_tables

    return read_tables()


@lru_cache(maxsize=1024)
def parse(text: str) -> Selector:
    """Read a selector.

    Args:
        text: The query; it may run over several lines.

    Returns:
        The tree. Texts that mean the same give equal trees. The last 1024 texts are remembered.

    Raises:
        SelectorSyntaxError: If the text is no selector.

    Examples:
        >>> str(parse("f{x, !y}"))
        'f{x} > y'
    """
    tables = _tables()
    build = Build(text)
    states = tables.states
    stack = [tables.start]
    values: list[object] = []
    for token in tables.scanner.finditer(text):
        kind = token.lastgroup or token.group()
        while True:
            action = states[stack[-1]].get(kind)
            if action.__class__ is int:
                break
            if action is None:
                _fail(build, token.start(), states[stack[-1]])
            size, name, make = action
            value = make(build, *values[-size:])
            del values[-size:], stack[-size:]
            values.append(value)
            stack.append(states[stack[-1]][name])
        stack.append(action)
        values.append(token)
    while True:
        action = states[stack[-1]].get("$END")
        if action is None:
            _fail(build, len(text), states[stack[-1]])
        size, name, make = action
        value = make(build, *values[-size:])
        if name == "start":
            return value
        del values[-size:], stack[-size:]
        values.append(value)
        stack.append(states[stack[-1]][name])


def _fail(build: Build, offset: int, state: object) -> NoReturn:
    raise SelectorSyntaxError(build.text, offset, "unexpected")
