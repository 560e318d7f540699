"""The grammar as Lark makes it, in the form that `_engine` runs.

Lark turns `grammar.lark` into an LALR(1) table. Its own engine is general: it makes an object of
each token and a list for each rule. A selector is short, and parsed often, so the table is run by
a loop of our own, several times faster. This file takes the table and the terminals from Lark.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias, cast

from lark import Lark
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import Shift

from ptera_selector._build import Build
from ptera_selector._scan import END, Scanner, make_scanner

# A rule to apply: how many values it takes, what they become, and the method that makes it, or None
# if the one value is handed on.
Reduction: TypeAlias = tuple[int, str, Callable[..., object] | None]
# What to do on a token of each kind: go to another state, or apply a rule (`Reduction`). Then the
# name of the rule is looked up likewise, and leads to a state. (Any: tests that a type checker
# understands are slower, and the loop is to be fast.)
State: TypeAlias = dict[str, Any]

# Lark's name for what separates tokens.
_IGNORED = ("__IGNORE_0",)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What the parser runs."""

    start: State
    scanner: Scanner


def read_tables() -> Tables:
    """Make the tables from the grammar. It takes some tens of milliseconds."""
    grammar = files("ptera_selector").joinpath("grammar.lark").read_text("utf-8")
    lark = Lark(grammar, parser="lalr", lexer="basic")
    # Any: Lark leaves the numbers of the states without a type.
    parser = cast(Any, lark).parse_interactive("").parser_state.parse_conf
    kinds: dict[str, str] = {terminal.name: _kind(terminal) for terminal in lark.terminals}
    states: dict[Any, State] = {number: {} for number in parser.states}
    for number, state in states.items():
        for symbol, (action, target) in parser.states[number].items():
            going = states[target] if action is Shift else _reduction(target)
            state[kinds[symbol] if symbol in kinds else symbol] = going
    for state in states.values():
        _skip_identities(state)
    # With the whole text read, the end is taken like a token.
    states[parser.end_state][END] = {}
    return Tables(states[parser.start_state], _scanner(lark.terminals))


def _kind(terminal: TerminalDef) -> str:
    return terminal.pattern.value if terminal.pattern.type == "str" else terminal.name


def _reduction(rule: Any) -> Reduction:
    make = None if rule.alias is None else getattr(Build, rule.alias)
    return len(rule.expansion), rule.origin.name, make


def _skip_identities(state: State) -> None:
    """Go past each state that would only rename the value just put down (`end: variable`).

    A token that cannot follow is then found one state later, but still before it is taken.
    """
    for symbol, action in state.items():
        going = action
        while isinstance(going, dict) and (name := _renames_to(cast(State, going))):
            going = state[name]
        state[symbol] = going


def _renames_to(state: State) -> str | None:
    actions: set[Reduction | None] = {
        action if isinstance(action, tuple) else None for action in state.values()
    }
    only = actions.pop() if len(actions) == 1 else None
    return only[1] if only is not None and only[2] is None else None


def _scanner(terminals: Iterable[TerminalDef]) -> Scanner:
    signs: list[str] = []
    patterns: dict[str, str] = {}
    for terminal in terminals:
        if terminal.pattern.type == "str":
            signs.append(terminal.pattern.value)
        elif terminal.name not in _IGNORED:
            patterns[terminal.name] = terminal.pattern.to_regexp()
    return make_scanner(signs, patterns)
