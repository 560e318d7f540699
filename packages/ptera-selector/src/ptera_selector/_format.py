"""Tree to text: one text for all trees that are equal.

The focus stands at the right end of a chain from the outermost call; keys stand in brackets and the
value of a call after `as`; what else a call asks for is sorted, in braces.
"""

import re
from collections.abc import Sequence

from ptera_selector._model import (
    Call,
    Capture,
    Category,
    Equals,
    Filter,
    Nested,
    Predicate,
    Relation,
    Role,
    Selector,
    Variable,
)
from ptera_selector._walk import path

# A string that may stand bare. (One with other letters could be changed by normalisation.)
_WORD = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
# Words that are not strings when they stand bare.
_RESERVED = {"as", "True", "False", "None"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
# From here on floats are written with an exponent.
_LARGE = 10**16


def text_of(selector: Selector) -> str:
    """The canonical text of a selector."""
    steps = path(selector)
    focused = [variable for variable in steps[-1][1].variables if _is_focus(variable)]
    parts = [">"] if selector.outermost else []
    for (relation, call), (_, below) in zip(steps, steps[1:], strict=False):
        parts += [_sign(relation), _step(call, below)]
    parts += [_sign(steps[-1][0]), _last(steps[-1], focused)]
    return " ".join(part for part in parts if part)


def _is_focus(variable: Variable) -> bool:
    return isinstance(variable, Capture) and variable.role is Role.FOCUS


def _sign(relation: Relation | None) -> str:
    if relation is None:
        return ""
    return ">" if relation is Relation.CHILD else ">>"


def _step(call: Call, below: Call) -> str:
    """A call on the way to the focus, without what is below it on that way."""
    rest = tuple(nested for nested in call.nested if nested.call is not below)
    return call_text(Call(call.function, call.category, call.variables, rest), in_chain=True)


def _last(step: tuple[Relation | None, Call], focused: Sequence[Variable]) -> str:
    """The call with the focus, and the focus; or the only call, if there is no focus."""
    relation, call = step
    if not focused:
        return call_text(call, in_chain=False, with_result=False)
    focus = focused[0]
    assert isinstance(focus, Capture)
    others = tuple(variable for variable in call.variables if variable is not focus)
    rest = Call(call.function, call.category, others, call.nested)
    if rest == Call(None) and relation in (None, Relation.WITHIN):
        return variable_text(focus, mark=False)
    if focus.variable == "#value" and focus.category is None and focus.name != "#value":
        return f"{call_text(rest, in_chain=False, with_result=False)} as {focus.name}"
    return f"{call_text(rest, in_chain=True)} > {variable_text(focus, mark=False)}"


def call_text(call: Call, *, in_chain: bool, with_result: bool = True) -> str:
    """A call with what it asks for; `in_chain` leaves out empty braces, since `>` follows."""
    key, result = key_of(call), _result(call) if with_result else None
    inside = sorted(
        (_variable_order(variable), variable_text(variable))
        for variable in call.variables
        if variable is not key and variable is not result
    )
    items = [text for _, text in inside] + sorted(map(nested_text, call.nested))
    named = f" as {result.name}" if result else ""
    needs_braces = items or (not key and (named or not in_chain))
    braces = "{" + ", ".join(items) + "}" if needs_braces else ""
    return f"{head_text(call)}{braces}{named}"


def head_text(call: Call) -> str:
    """A call as far as its key, without what it asks for in braces."""
    return f"{call.function or '*'}{category_text(call.category)}{_key_text(key_of(call))}"


def _variable_order(variable: Variable) -> tuple[str, str]:
    name = variable.name if isinstance(variable, Capture) else ""
    return variable.variable or "", name


def key_of(call: Call) -> Variable | None:
    """What is written in brackets: a filter on the key, or else a capture of it."""
    found = [variable for variable in call.variables if _fits_brackets(variable)]
    return min(found, key=_variable_order, default=None)


def _fits_brackets(variable: Variable) -> bool:
    if variable.variable != "#key" or variable.category is not None:
        return False
    if isinstance(variable, Filter):
        return isinstance(variable.test, Equals)
    return variable.role is Role.PLAIN and variable.name != "#key"


def _result(call: Call) -> Capture | None:
    """What is written as `f{...} as r`."""
    found = [
        variable
        for variable in call.variables
        if isinstance(variable, Capture)
        and variable.variable == "#value"
        and variable.name != "#value"
        and variable.category is None
        and variable.role is Role.PLAIN
    ]
    return min(found, key=_variable_order, default=None)


def _key_text(key: Variable | None) -> str:
    if key is None:
        return ""
    if isinstance(key, Capture):
        return f"[${key.name}]"
    assert isinstance(key.test, Equals)
    return f"[{value_text(key.test.value)}]"


def nested_text(nested: Nested) -> str:
    """A side pattern, as it stands in braces."""
    if nested.relation is Relation.WITHIN:
        return f">> {variable_text(nested.call.variables[0])}"
    text = call_text(nested.call, in_chain=False)
    return f">> {text}" if nested.relation is Relation.DESCENDANT else text


def variable_text(variable: Variable, *, mark: bool = True) -> str:
    """A capture or filter; without its mark where its place says that it is the focus."""
    category = category_text(variable.category)
    if isinstance(variable, Filter):
        return _filter_text(variable, category)
    sign = variable.role.value if mark else ""
    if variable.variable is None:
        return f"{sign}${variable.name}{category}"
    renamed = "" if variable.name == variable.variable else f" as {variable.name}"
    return f"{sign}{variable.variable}{category}{renamed}"


def _filter_text(condition: Filter, category: str) -> str:
    match condition.test:
        case Equals(value):
            return f"{condition.variable}{category}={value_text(value)}"
        case Predicate(name):
            return f"{condition.variable}{category}~{name}"
        case None:
            return category or "*"


def category_text(category: Category | None) -> str:
    """A category with its colon, or nothing."""
    if category is None:
        return ""
    names = sorted(set(category.names))
    return f":{names[0]}" if len(names) == 1 else f":({' & '.join(names)})"


def value_text(value: object) -> str:
    """A literal; numbers that are equal have one text."""
    if isinstance(value, str):
        return _string_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    if value == value // 1 and abs(value) < _LARGE:
        return str(int(value))
    return _large_text(value)


def _large_text(value: int | float) -> str:
    try:
        rounded = float(value)
    except OverflowError:
        return str(value)
    return repr(rounded) if rounded == value else str(value)


def _string_text(text: str) -> str:
    if _WORD.fullmatch(text) and text not in _RESERVED:
        return text
    return '"' + "".join(map(_character, text)) + '"'


def _character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
