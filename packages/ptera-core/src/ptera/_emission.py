"""How generated code tests filters and builds events."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ptera_selector import Capture

from ._deliver import ABSENT, Captured, note_selector
from ._errors import CaptureError
from ._plan import Plan, checker, column_key
from ._resolve import NOTHING
from ._specs import Test
from ._template import expression, statements

__all__ = ["Reading", "event_statements", "passing"]

Put = Callable[[object], ast.Constant]
Outer = Callable[[int, str], ast.expr]


@dataclass(slots=True, eq=False)
class Reading:
    """Where the value of one capture is found.

    Arguments:
        capture: The capture.
        held: The expression that reads it in the focus's own activation.
        sure: Whether it certainly has a value there.
        variable: The variable's name; None: `held` is a pair of value and name.
        outer: Instead of `held`: the number of the pattern above whose record has it.
    """

    capture: Capture
    held: ast.expr | None = None
    sure: bool = False
    variable: str | None = None
    outer: int | None = None

    @property
    def is_pair(self) -> bool:
        """Whether what is read is a value with its variable's name (`$x`)."""
        return self.capture.variable is None and self.variable is None


def passing(put: Put, test: Test, held: ast.expr, sure: bool, element: bool = False) -> ast.expr:
    """Gives the expression that tells whether a value passes a filter.

    A comparison with an int or a str is written out where the value is of that very
    type; anything else goes through the test's function.
    """
    check = lenient(checker(test)) if element and test.variable == "#key" else checker(test)
    holes = {"V": held, "CHECK": put(check), "TYPE": put(type)}
    kind = type(test.value)
    if test.value is None:
        condition = expression("V is None", **holes)
    elif test.value is not NOTHING and kind in (int, str):
        text = "(V == C if TYPE(V) is KIND else CHECK(V))"
        constant = ast.Constant(test.value)  # type: ignore[arg-type]  # an int or a str
        condition = expression(text, C=constant, KIND=put(kind), **holes)
    else:
        condition = expression("CHECK(V)", **holes)
    if sure:
        return condition
    return expression("V is not ABSENT and C", V=held, ABSENT=put(ABSENT), C=condition)


def lenient(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Makes a test of element keys: a key that cannot be compared does not match."""

    def check_key(key: Any) -> bool:
        try:
            return bool(check(key))
        except Exception:
            return False

    return check_key


def event_statements(
    put: Put,
    plan: Plan,
    root: ast.expr,
    readings: list[Reading],
    outer: Outer,
    with_note: bool = True,
) -> list[ast.stmt]:
    """Gives the statements that build an event and hand it to the root's handler.

    Where each capture surely has a value, `emit({"x": x})`, or `emit(x)` for a handler
    that takes them by position; otherwise the absent ones are left out first. With
    `with_note`, an exception of the handler gets a note that names the selector.
    """
    call = event_call(put, plan, root, readings, outer, specialised=with_note)
    return noted(put, root, [ast.Expr(call)]) if with_note else [ast.Expr(call)]


def noted(put: Put, root: ast.expr, body: list[ast.stmt]) -> list[ast.stmt]:
    """Gives statements whose exceptions get a note that names the root's selector."""
    return statements(
        "try: BODY\nexcept BaseException as E:\n    NOTE(E, ROOT)\n    raise",
        {"BODY": body},
        E=".x",
        NOTE=put(note_selector),
        ROOT=root,
    )


def event_call(
    put: Put,
    plan: Plan,
    root: ast.expr,
    readings: list[Reading],
    outer: Outer,
    specialised: bool = True,
) -> ast.expr:
    """Gives the call that hands an event to the root's handler.

    Where it may be, it is written `(.f := R.emit)(…)`: the interpreter specialises the
    reading of a slot, but not the call of a method that is one.
    """
    chosen = readings
    if plan.arguments is not None:
        by_name = {reading.capture.name: reading for reading in readings}
        chosen = [by_name[name] for name in plan.arguments]
    text = "(F := R.emit)()" if specialised else "R.emit()"
    entries = ast.Tuple([_entry(reading, outer) for reading in chosen], ast.Load())
    safe = _call(text, root, [_assembled(put, plan, entries)])
    if plan.raw or any(reading.is_pair for reading in chosen):
        return safe
    call = _call(text, root, _arguments(plan, chosen, outer))
    present = [
        expression("V is not ABSENT", V=value_of(reading, outer), ABSENT=put(ABSENT))
        for reading in chosen
        if not reading.sure
    ]
    if not present:
        return call
    test = present[0] if len(present) == 1 else ast.BoolOp(ast.And(), present)
    return ast.IfExp(test, call, safe)


def _call(text: str, root: ast.expr, arguments: list[ast.expr]) -> ast.Call:
    call = expression(text, F=".f", R=root)
    assert isinstance(call, ast.Call)
    call.args = arguments
    return call


def _assembled(put: Put, plan: Plan, entries: ast.expr) -> ast.expr:
    """Gives the arguments where a capture may have no value: what is absent is left out."""
    if plan.arguments is not None:
        values = expression("F(E)", F=put(assemble_arguments), E=entries)
        return ast.Starred(values, ast.Load())
    return expression("F(E)", F=put(assemble_raw if plan.raw else assemble_values), E=entries)


def _arguments(plan: Plan, readings: list[Reading], outer: Outer) -> list[ast.expr]:
    values = [value_of(reading, outer) for reading in readings]
    if plan.arguments is not None:
        return values
    keys: list[ast.expr | None] = [ast.Constant(r.capture.name) for r in readings]
    return [ast.Dict(keys, values)]


def value_of(reading: Reading, outer: Outer) -> ast.expr:
    """Gives the expression that reads a capture's value (a pair for `$x`, ABSENT if none)."""
    if reading.outer is not None:
        return outer(reading.outer, column_key(reading.capture))
    assert reading.held is not None
    return reading.held


def _entry(reading: Reading, outer: Outer) -> ast.expr:
    variable = reading.capture.variable if reading.outer is not None else reading.variable
    name = ast.Constant(reading.capture.name)
    return ast.Tuple([name, ast.Constant(variable), value_of(reading, outer)], ast.Load())


Entry = tuple[str, str | None, Any]


def assemble_values(entries: tuple[Entry, ...]) -> dict[str, Any]:
    """Gives an event from what was read, without the captures that have no value yet."""
    return {
        name: value if variable is not None else value[0]
        for name, variable, value in entries
        if value is not ABSENT
    }


def assemble_raw(entries: tuple[Entry, ...]) -> dict[str, Captured]:
    """The same with the variables' names."""
    event: dict[str, Captured] = {}
    for name, variable, value in entries:
        if value is not ABSENT:
            bound, known = (value[0], value[1]) if variable is None else (value, variable)
            event[name] = Captured(name, [known], [bound])
    return event


def assemble_arguments(entries: tuple[Entry, ...]) -> list[Any]:
    """Gives a handler's arguments; `CaptureError` for one that has no value yet."""
    for name, _, value in entries:
        if value is ABSENT:
            raise CaptureError(name, 0)
    return [value if variable is not None else value[0] for _, variable, value in entries]
