"""The grammar as Lark makes it, in the form that `_parse` runs.

Lark turns `grammar.lark` into an LALR(1) table. Its own engine is general: it makes an object of each
token and a list for each rule. A selector is short and parsed often, so this table is run by a loop of
our own (`_parse`), several times faster. What this file takes from Lark is the table and the terminals.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

from lark import Lark
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import Shift

from ptera_selector._build import Build

# A rule to apply: how many values it takes, what they become, and the method that makes it.
Reduction: TypeAlias = tuple[int, str, Callable[..., object]]
# What to do on a token: go to a state, or apply a rule. After a rule, its name is looked up likewise.
State: TypeAlias = dict[str, int | Reduction]

END = "$END"
START = "start"
# The kind of a character that begins no token.
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Tables:
    """What the parser runs.

    The kind of a token is the token itself for signs (`>>`, `as`), else its terminal's name.
    """

    states: list[State]
    start: int
    scanner: re.Pattern[str]


def read_tables() -> Tables:
    """Make the tables from the grammar. It takes Lark some tens of milliseconds."""
    grammar = files("ptera_selector").joinpath("grammar.lark").read_text("utf-8")
    lark = Lark(grammar, parser="lalr", lexer="basic")
    parser = lark.parse_interactive("").parser_state.parse_conf
    kinds = {terminal.name: _kind(terminal) for terminal in lark.terminals}
    numbers = {state: number for number, state in enumerate(parser.states)}
    states = [_state(parser.states[state], kinds, numbers) for state in numbers]
    _skip_identities(states)
    return Tables(states, numbers[parser.start_state], _scanner(lark.terminals))


def _kind(terminal: TerminalDef) -> str:
    return terminal.pattern.value if terminal.pattern.type == "str" else terminal.name


def _state(actions: dict[str, tuple[Any, Any]], kinds: dict[str, str], numbers: dict[Any, int]) -> State:
    return {
        kinds.get(symbol, symbol): numbers[target] if action is Shift else _reduction(target)
        for symbol, (action, target) in actions.items()
    }


def _reduction(rule: Any) -> Reduction:
    make = getattr(Build, rule.alias or "same")
    return len(rule.expansion), rule.origin.name, make


def _skip_identities(states: list[State]) -> None:
    """Go past each state that would only rename the value just put down (`end: variable`).

    A token that cannot follow is then found in the state after: later, but still before it is taken.
    """
    for state in states:
        for symbol, action in state.items():
            while isinstance(action, int) and (name := _renames_to(states[action])):
                action = state[name]
            state[symbol] = action


def _renames_to(state: State) -> str | None:
    reductions = set(state.values())
    if len(reductions) == 1:
        reduction = reductions.pop()
        if not isinstance(reduction, int) and reduction[2] is Build.same:
            return reduction[1]
    return None


def _scanner(terminals: Iterable[TerminalDef]) -> re.Pattern[str]:
    """One expression that finds the next token; the group that matched is its kind, none for a sign.

    Whitespace needs no rule: the search runs over what nothing matches, and the last alternative
    matches every other character.
    """
    ordered = sorted(terminals, key=lambda one: (-one.priority, -len(one.pattern.value)))
    signs = [one.pattern.value for one in ordered if one.pattern.type == "str"]
    words = [f"{sign}(?!\\w)" for sign in signs if sign.isidentifier()]
    others = [re.escape(sign) for sign in signs if not sign.isidentifier()]
    groups = [_group(one) for one in ordered if one.pattern.type == "re" and not one.name.startswith("_")]
    dotted = [group for group in groups if group.startswith("(?P<DOTTED>")]
    rest = [group for group in groups if group not in dotted]
    return re.compile("|".join([*dotted, *words, *rest, *others, rf"(?P<{UNKNOWN}>\S)"]))


def _group(terminal: TerminalDef) -> str:
    return f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})"
