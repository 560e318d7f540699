"""What each rule of the grammar makes, and the static rules that are checked on the way.

A method of `Build` is called for each rule of `grammar.lark` that names it, with the values of the
rule's symbols in order; the value of a token is its text. A variable stays `Named` and a call stays
a `Draft` until it is known what stands around it: only then is it clear what is the focus.
"""

from collections.abc import Sequence
from typing import TypeAlias

from ptera_selector import _check
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

# A variable to capture, before it is known whether it is the focus: its name in the function, its
# name in an event, its category and its mark. (A tuple: most of what is parsed are variables.)
Named: TypeAlias = tuple[str | None, str, Category | None, Role]


class Draft:
    """A call of which it is not known yet what stands on its right."""

    __slots__ = ("category", "function", "nested", "result", "tested", "variables")

    def __init__(self, function: str | None, category: Category | None) -> None:
        self.function = function
        self.category = category
        self.variables: list[Variable] = []
        self.nested: list[Nested] = []
        # Of `f{...} as r`: the capture of the result.
        self.result: Named | None = None
        # The variables that have a filter.
        self.tested: set[str] | None = None


# What stands at the right of a sign: a variable, a call, or a chain, which is finished.
End: TypeAlias = Named | Draft | Call

# What a call asks for.
Asked: TypeAlias = tuple[tuple[Variable, ...], tuple[Nested, ...]]


class Condition:
    """A filter, and the token that an error of it would point at."""

    __slots__ = ("filter", "token")

    def __init__(self, condition: Filter, token: str) -> None:
        self.filter = condition
        self.token = token


Item: TypeAlias = Capture | Condition | Nested


class Build:
    """The making of one selector."""

    __slots__ = ("focus", "names", "target", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # The tokens that name the captures.
        self.names: dict[str, str] = {}
        # What makes the focus: its mark, or (False) the variable at the right end.
        self.focus: tuple[str, bool] | None = None
        self.target: str | None = None

    # Selectors

    def anywhere(self, end: End) -> Selector:
        return Selector(self._whole(end), False)

    def outermost(self, _: str, end: End) -> Selector:
        return Selector(self._whole(end), True)

    def _whole(self, end: End) -> Call:
        if isinstance(end, tuple):
            return Call(None, None, (self._focus(end),), ())
        return self._last_call(end)

    # Chains: what is on the right is hung below the call on the left.

    def function_over(self, function: str, sign: str, end: End) -> Call:
        variables, nested = self._below(sign, end)
        return Call(self._function(function), None, variables, nested)

    def function_in_over(self, function: str, category: Category, sign: str, end: End) -> Call:
        variables, nested = self._below(sign, end)
        return Call(self._function(function), category, variables, nested)

    def call_over(self, value: End, sign: str, end: End) -> Call:
        draft = self._caller(value, sign)
        variables, nested = self._below(sign, end)
        return self._call(draft, variables, nested)

    def _caller(self, value: End, sign: str) -> Draft:
        """The call on the left of `>`; a variable alone in parentheses is a function there."""
        if isinstance(value, Draft):
            return value
        if isinstance(value, tuple) and _is_bare(value):
            return Draft(value[0], value[2])
        raise _check.group_on_the_left(self.text, sign)

    def _below(self, sign: str, end: End) -> Asked:
        if isinstance(end, tuple):
            focus = self._focus(end)
            return ((focus,), ()) if sign == ">" else ((), (_within(focus),))
        relation = Relation.CHILD if sign == ">" else Relation.DESCENDANT
        return (), (Nested(relation, self._last_call(end)),)

    def grouped(self, _open: str, end: End, _close: str) -> End:
        return end

    def _focus(self, variable: Named) -> Capture:
        """The variable at the right end: the focus, unless it is marked as the target."""
        real, name, category, role = variable
        if role is not Role.PLAIN:
            return self._capture(variable)
        if self.focus is not None:
            token, is_marked = self.focus
            raise _check.second_focus(self.text, token if is_marked else name, implied=True)
        self.focus = (name, False)
        return self._capture((real, name, category, Role.FOCUS))

    def _last_call(self, end: Draft | Call) -> Call:
        """The call at the right end: its result is the focus, if it is captured."""
        if isinstance(end, Call):
            return end
        if end.result is None:
            return self._call(end)
        focus, end.result = self._focus(end.result), None
        return self._call(end, (focus,))

    def _call(
        self, draft: Draft, variables: tuple[Variable, ...] = (), nested: tuple[Nested, ...] = ()
    ) -> Call:
        """A finished call: the draft and what is hung below it."""
        if draft.result is not None:
            draft.variables.append(self._capture(draft.result))
        return Call(
            draft.function,
            draft.category,
            (*draft.variables, *variables),
            (*draft.nested, *nested),
        )

    # Calls

    def _function(self, function: str) -> str | None:
        if function[0] == "/":
            _check.check_path(self.text, function)
        return None if function == "*" else function

    def _draft(self, function: str, category: Category | None = None) -> Draft:
        return Draft(self._function(function), category)

    def with_key(self, function: str, key: Item) -> Draft:
        return self._add(self._draft(function), key)

    def with_key_in(self, function: str, category: Category, key: Item) -> Draft:
        return self._add(self._draft(function, category), key)

    def with_group(self, function: str | Draft, items: Sequence[Item]) -> Draft:
        draft = function if isinstance(function, Draft) else self._draft(function)
        for item in items:
            self._add(draft, item)
        return draft

    def with_group_in(self, function: str, category: Category, items: Sequence[Item]) -> Draft:
        return self.with_group(self._draft(function, category), items)

    def with_result(self, draft: Draft, name: str) -> Draft:
        draft.result = ("#value", name, None, Role.PLAIN)
        return draft

    def _add(self, draft: Draft, item: Item) -> Draft:
        if isinstance(item, Capture):
            draft.variables.append(item)
        elif isinstance(item, Nested):
            draft.nested.append(item)
        else:
            self._add_condition(draft, item)
        return draft

    def _add_condition(self, draft: Draft, item: Condition) -> None:
        variable = item.filter.variable
        if variable is not None:
            tested = draft.tested = draft.tested or set()
            if variable in tested:
                raise _check.second_filter(self.text, item.token)
            tested.add(variable)
        draft.variables.append(item.filter)

    def key_value(self, sign: str, value: Equals, _: str) -> Condition:
        return Condition(Filter("#key", None, value), sign)

    def key_capture(self, _open: str, _sign: str, name: str, _close: str) -> Capture:
        return self._capture(("#key", name, None, Role.PLAIN))

    # Items in braces

    def no_items(self, _open: str, _close: str) -> tuple[Item, ...]:
        return ()

    def first_chain(self, end: End) -> list[object]:
        return [self._item(end)]

    def next_chain(self, items: list[object], _: str, end: End) -> list[object]:
        items.append(self._item(end))
        return items

    def first_item(self, item: object) -> list[object]:
        return [item]

    def next_item(self, items: list[object], _: str, item: object) -> list[object]:
        items.append(item)
        return items

    def _item(self, end: End) -> Item:
        if isinstance(end, tuple):
            return self._capture(end)
        return Nested(Relation.CHILD, self._side(end))

    def _side(self, end: Draft | Call) -> Call:
        return end if isinstance(end, Call) else self._call(end)

    def chain_below(self, _: str, end: End) -> Item:
        return self._item(end)

    def chain_deep_below(self, _: str, end: End) -> Nested:
        if isinstance(end, tuple):
            return _within(self._capture(end))
        return Nested(Relation.DESCENDANT, self._side(end))

    def condition(self, condition: Condition | Category) -> Condition:
        if isinstance(condition, Category):
            return Condition(Filter(None, condition), "")
        return condition

    def condition_below(self, _: str, condition: Condition | Category) -> Condition:
        return self.condition(condition)

    def condition_deep_below(self, _: str, condition: Condition | Category) -> Nested:
        return _within(self.condition(condition).filter)

    # Variables

    def variable(
        self, variable: str, category: Category | None = None, name: str | None = None
    ) -> Named:
        if variable[0] == "#":
            _check.check_point(self.text, variable)
        return variable, variable if name is None else name, category, Role.PLAIN

    def renamed_variable(self, variable: str, name: str) -> Named:
        return self.variable(variable, None, name)

    def any_variable(self, _: str, name: str, category: Category | None = None) -> Named:
        return None, name, category, Role.PLAIN

    def renamed_star(self, star: str, name: str) -> Named:
        return self.any_variable(star, name)

    def renamed_star_in(self, star: str, category: Category, name: str) -> Named:
        return self.any_variable(star, name, category)

    def marked(self, mark: str, variable: Named) -> Named:
        real, name, category, _ = variable
        if mark == "!":
            if self.focus is not None:
                raise _check.second_focus(self.text, mark)
            self.focus = (mark, True)
            return real, name, category, Role.FOCUS
        if self.target is not None:
            raise _check.second_target(self.text, mark)
        self.target = mark
        return real, name, category, Role.TARGET

    def _capture(self, variable: Named) -> Capture:
        name = variable[1]
        if name in self.names:
            raise _check.second_name(self.text, self.names[name], name)
        self.names[name] = name
        return Capture(*variable)

    # Conditions

    def equals(self, variable: str, _: str, value: Equals) -> Condition:
        return self._condition(variable, None, value)

    def equals_in(self, variable: str, category: Category, _: str, value: Equals) -> Condition:
        return self._condition(variable, category, value)

    def predicate(self, variable: str, _: str, name: str) -> Condition:
        return self._condition(variable, None, Predicate(name))

    def predicate_in(self, variable: str, category: Category, _: str, name: str) -> Condition:
        return self._condition(variable, category, Predicate(name))

    def _condition(
        self, variable: str, category: Category | None, test: Equals | Predicate
    ) -> Condition:
        if variable[0] == "#":
            _check.check_point(self.text, variable)
        return Condition(Filter(variable, category, test), variable)

    def has_any(self, star: str, category: Category | None = None) -> Condition:
        return Condition(Filter(None, category), star)

    # Categories and values

    def category(self, _: str, name: str) -> Category:
        return Category((name,))

    def tag_category(self, _colon: str, _at: str, name: str) -> Category:
        return Category((self.tag_name(_at, name),))

    def conjunction(self, _colon: str, _open: str, names: Sequence[str], _close: str) -> Category:
        return Category(tuple(names))

    def type_name(self, name: str) -> str:
        return name

    def tag_name(self, _: str, name: str) -> str:
        return "@" + name

    def number(self, number: str) -> Equals:
        return Equals(_check.number(self.text, number))

    def string(self, string: str) -> Equals:
        return Equals(_check.string(self.text, string))

    def bare_word(self, word: str) -> Equals:
        return Equals(_check.word_value(word))

    def second(self, _: str, value: object, *__: str) -> object:
        return value


def _within(variable: Variable) -> Nested:
    return Nested(Relation.WITHIN, Call(None, None, (variable,), ()))


def _is_bare(value: Named) -> bool:
    variable, name, _, role = value
    return variable is not None and variable == name and variable[0] != "#" and role is Role.PLAIN
