"""Trees as JSON, and back. The format is in `docs/reference/selector-json.md`."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ptera_selector._errors import SelectorSyntaxError
from ptera_selector._format import text_of
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
from ptera_selector._parse import parse

_ROLES = {Role.PLAIN: "plain", Role.FOCUS: "focus", Role.TARGET: "target"}
_ROLE_OF = {name: role for role, name in _ROLES.items()}
_VALUES = (str, int, float, bool, type(None))

_T = TypeVar("_T")


def to_json(selector: Selector, *, indent: int | None = None) -> str:
    """Write a tree as JSON.

    Args:
        selector: The tree.
        indent: How far to indent each level; None for one line.

    Returns:
        The JSON text; `from_json` makes an equal tree of it, in the same written order.

    Examples:
        >>> from ptera_selector import parse
        >>> print(to_json(parse("f{}")))
        {"outermost": false, "call": {"function": "f"}}
    """
    tree = {"outermost": selector.outermost, "call": _call(selector.call)}
    return json.dumps(tree, indent=indent, allow_nan=False)


def _call(call: Call) -> dict[str, Any]:
    tree: dict[str, Any] = {"function": call.function, **_category(call.category)}
    if call.variables:
        tree["variables"] = [_variable(variable) for variable in call.variables]
    if call.nested:
        tree["nested"] = [
            {"relation": nested.relation.value, "call": _call(nested.call)}
            for nested in call.nested
        ]
    return tree


def _variable(variable: Variable) -> dict[str, Any]:
    tree: dict[str, Any] = {"variable": variable.variable, **_category(variable.category)}
    match variable:
        case Capture(name=name, role=role):
            return {**tree, "capture": name, "role": _ROLES[role]}
        case Filter(test=Equals(value)):
            return {**tree, "equals": value}
        case Filter(test=Predicate(name)):
            return {**tree, "predicate": name}
        case Filter():
            return tree


def _category(category: Category | None) -> dict[str, Any]:
    return {} if category is None else {"category": list(category.names)}


def from_json(source: str | bytes | Mapping[str, Any]) -> Selector:
    """Make a tree of JSON.

    Args:
        source: JSON text as `to_json` writes it, or what `json.loads` makes of it.

    Returns:
        The tree.

    Raises:
        ValueError: If it is no JSON, if it lacks something or has something else (the message says
            where), or if no selector says this.

    Examples:
        >>> x = {"variable": "x", "capture": "x"}
        >>> str(from_json({"call": {"function": "f", "variables": [x]}}))
        'f{x}'
    """
    try:
        tree = json.loads(source) if isinstance(source, str | bytes) else source
        selector = _Reading("selector").selector(tree)
        text = text_of(selector)
    except RecursionError:
        raise ValueError("this JSON is nested too deep to be a selector") from None
    try:
        if parse(text) == selector:
            return selector
    except SelectorSyntaxError as error:
        raise ValueError(f"no selector says what this JSON says: {error}") from error
    raise ValueError(f"no selector says what this JSON says; the nearest is `{text}`")


class _Reading:
    """What reads one value; it knows the way to it, for the message of an error."""

    def __init__(self, where: str) -> None:
        self.where = where

    def selector(self, tree: object) -> Selector:
        fields = self.fields(tree, {"outermost", "call"})
        return Selector(
            self.inside("call").call(fields.get("call")),
            self.inside("outermost").one_of(bool, "true or false", fields.get("outermost", False)),
        )

    def call(self, tree: object) -> Call:
        fields = self.fields(tree, {"function", "category", "variables", "nested"})
        return Call(
            self.inside("function").name_or_null(fields.get("function")),
            self.inside("category").category(fields.get("category")),
            self.inside("variables").each(_Reading.variable, fields.get("variables", [])),
            self.inside("nested").each(_Reading.nested, fields.get("nested", [])),
        )

    def nested(self, tree: object) -> Nested:
        fields = self.fields(tree, {"relation", "call"})
        relations = {relation.value: relation for relation in Relation}
        relation = self.inside("relation").choice(relations, fields.get("relation"))
        call = self.inside("call").call(fields.get("call"))
        if relation is Relation.WITHIN and not _is_one_variable(call):
            raise self.inside("call").error(fields["call"], "a call of null with one variable")
        return Nested(relation, call)

    def variable(self, tree: object) -> Variable:
        known = {"variable", "category", "capture", "role", "equals", "predicate"}
        fields = self.fields(tree, known)
        variable = self.inside("variable").name_or_null(fields.get("variable"))
        category = self.inside("category").category(fields.get("category"))
        if "capture" not in fields:
            return Filter(variable, category, self.test(fields))
        if "equals" in fields or "predicate" in fields:
            raise self.error(fields, "a capture or a filter, not both")
        name = self.inside("capture").name(fields["capture"])
        role = self.inside("role").choice(_ROLE_OF, fields.get("role", "plain"))
        return Capture(variable, name, category, role)

    def test(self, fields: Mapping[str, object]) -> Equals | Predicate | None:
        if "equals" in fields and "predicate" in fields:
            raise self.error(fields, "either `equals` or `predicate`")
        if "predicate" in fields:
            return Predicate(self.inside("predicate").name(fields["predicate"]))
        if "equals" not in fields:
            return None
        value = fields["equals"]
        if not isinstance(value, _VALUES):
            raise self.inside("equals").error(value, "a string, a number, true, false or null")
        return Equals(value)

    def category(self, tree: object) -> Category | None:
        if tree is None:
            return None
        names = self.each(_Reading.name, tree)
        if not names:
            raise self.error(tree, "at least one name")
        return Category(names)

    def name(self, value: object) -> str:
        return self.one_of(str, "a string", value)

    def name_or_null(self, value: object) -> str | None:
        return None if value is None else self.one_of(str, "a string or null", value)

    def choice(self, choices: Mapping[str, _T], value: object) -> _T:
        if not isinstance(value, str) or value not in choices:
            raise self.error(value, " or ".join(json.dumps(choice) for choice in choices))
        return choices[value]

    def each(self, read: "Callable[[_Reading, object], _T]", tree: object) -> tuple[_T, ...]:
        if not isinstance(tree, list):
            raise self.error(tree, "a list")
        items = enumerate(cast("list[object]", tree))
        return tuple(read(self.inside(index), item) for index, item in items)

    def fields(self, tree: object, known: set[str]) -> Mapping[str, object]:
        if not isinstance(tree, Mapping):
            raise self.error(tree, "an object")
        fields = cast("Mapping[str, object]", tree)
        for name in fields.keys() - known:
            names = ", ".join(f"`{name}`" for name in sorted(known))
            raise self.error(name, f"only the fields {names}")
        return fields

    def one_of(self, kind: type[_T], expected: str, value: object) -> _T:
        if not isinstance(value, kind):
            raise self.error(value, expected)
        return value

    def inside(self, part: str | int) -> "_Reading":
        step = f"[{part}]" if isinstance(part, int) else f".{part}"
        return _Reading(self.where + step)

    def error(self, found: object, expected: str) -> ValueError:
        return ValueError(f"`{self.where}`: found {_shown(found)}, expected {expected}")


def _is_one_variable(call: Call) -> bool:
    return len(call.variables) == 1 and call == Call(None, None, call.variables)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
