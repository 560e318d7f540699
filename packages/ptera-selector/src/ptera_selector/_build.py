"""What each rule of the grammar makes, and the static rules that are checked on the way.

A method of `Build` is called for each rule of `grammar.lark` that names it, with the values of the
rule's symbols in order; the value of a token is its match. A chain stays a list until it is known what
stands around it: only then is it clear which variable is the focus.
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

from ptera_selector import _check
from ptera_selector._errors import SelectorSyntaxError
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

Token: TypeAlias = re.Match[str]


class Named:
    """A variable to capture, before it is known whether it is the focus; `at` is where it is named."""

    __slots__ = ("at", "category", "name", "role", "variable")

    def __init__(self, variable: str | None, name: str, category: Category | None, at: int) -> None:
        self.variable = variable
        self.name = name
        self.category = category
        self.at = at
        self.role = Role.PLAIN


class Draft:
    """A call that is still being put together."""

    __slots__ = ("category", "function", "nested", "result", "tested", "variables")

    def __init__(self, function: str | None, category: Category | None) -> None:
        self.function = function
        self.category = category
        self.variables: list[Variable] = []
        self.nested: list[Nested] = []
        # Of `f{...} as r`: the capture of the result.
        self.result: Named | None = None
        # The variables that have a filter.
        self.tested: set[str] = set()

    def call(self) -> Call:
        return Call(self.function, self.category, tuple(self.variables), tuple(self.nested))


Link: TypeAlias = tuple[Draft, Relation]


class Chain:
    """`a > b >> c`: calls, each with its relation to the next, and what stands at the right end."""

    __slots__ = ("end", "links")

    def __init__(self, links: list[Link], end: "Named | Draft | Chain") -> None:
        self.links = links
        self.end = end


End: TypeAlias = Named | Draft | Chain


class Condition:
    """A filter, and where its variable is named."""

    __slots__ = ("at", "filter")

    def __init__(self, condition: Filter, at: int) -> None:
        self.filter = condition
        self.at = at


Item: TypeAlias = Capture | Condition | Nested


class Build:
    """The making of one selector."""

    __slots__ = ("focus", "names", "target", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, int] = {}
        # Where the focus and the target are, and whether they are marked there.
        self.focus: tuple[int, bool] | None = None
        self.target: int | None = None

    # Selectors

    def anywhere(self, chain: End) -> Selector:
        return Selector(self._whole(chain), False)

    def outermost(self, _: Token, chain: End) -> Selector:
        return Selector(self._whole(chain), True)

    def _whole(self, chain: End) -> Call:
        left = self._fold(chain, top=True)
        if isinstance(left, Named):
            return Call(None, None, (self._capture(left),), ())
        return left.call()

    # Chains: the end is hung into the call on its left, and that into the one on its left.

    def chain(self, links: list[Link], end: End) -> Chain:
        return Chain(links, end)

    def first_child(self, value: End, sign: Token) -> list[Link]:
        return [(self._caller(value, sign), Relation.CHILD)]

    def first_descendant(self, value: End, sign: Token) -> list[Link]:
        return [(self._caller(value, sign), Relation.DESCENDANT)]

    def next_child(self, links: list[Link], value: End, sign: Token) -> list[Link]:
        links.append((self._caller(value, sign), Relation.CHILD))
        return links

    def next_descendant(self, links: list[Link], value: End, sign: Token) -> list[Link]:
        links.append((self._caller(value, sign), Relation.DESCENDANT))
        return links

    def _caller(self, value: End, sign: Token) -> Draft:
        """The call on the left of `>`; a variable alone in parentheses is a function there."""
        if isinstance(value, Draft):
            return value
        if isinstance(value, Named) and _is_bare(value):
            return Draft(value.variable, value.category)
        reason = f"`{sign.group()}` cannot follow these parentheses: only a function can be on its left"
        hint = "Parentheses group what is on the right: write `a > (b > c)`, or no parentheses."
        raise SelectorSyntaxError(self.text, sign.start(), reason, hint)

    def grouped(self, _open: Token, chain: End, _close: Token) -> End:
        return chain

    def _fold(self, value: End, *, top: bool) -> Named | Draft:
        links: list[Link] = []
        while isinstance(value, Chain):
            links += value.links
            value = value.end
        if isinstance(value, Named):
            if (links or top) and value.role is Role.PLAIN:
                self._imply_focus(value)
        elif value.result is not None:
            self._add_result(value, focus=top)
        for draft, relation in reversed(links):
            self._hang(draft, relation, value)
            value = draft
        return value

    def _hang(self, draft: Draft, relation: Relation, end: Named | Draft) -> None:
        if draft.result is not None:
            self._add_result(draft, focus=False)
        if isinstance(end, Draft):
            draft.nested.append(Nested(relation, end.call()))
        elif relation is Relation.CHILD:
            draft.variables.append(self._capture(end))
        else:
            draft.nested.append(_within(self._capture(end)))

    def _add_result(self, draft: Draft, *, focus: bool) -> None:
        assert draft.result is not None
        if focus:
            self._imply_focus(draft.result)
        draft.variables.append(self._capture(draft.result))

    # Calls

    def callee(self, function: Token, category: Category | None = None) -> Draft:
        text = function.group()
        if text == "*":
            return Draft(None, category)
        if text[0] == "/":
            _check.check_path(self.text, text, function.start())
        return Draft(_check.normal(text), category)

    def with_key(self, draft: Draft, key: Item) -> Draft:
        self._add(draft, key)
        return draft

    def with_group(self, draft: Draft, items: Sequence[Item]) -> Draft:
        for item in items:
            self._add(draft, item)
        return draft

    def with_name(self, draft: Draft, name: Token) -> Draft:
        draft.result = Named("#value", _check.normal(name.group()), None, name.start())
        return draft

    def _add(self, draft: Draft, item: Item) -> None:
        if isinstance(item, Nested):
            draft.nested.append(item)
        elif isinstance(item, Capture):
            draft.variables.append(item)
        else:
            variable = item.filter.variable
            if variable is not None:
                if variable in draft.tested:
                    raise _check.second_filter(self.text, variable, item.at)
                draft.tested.add(variable)
            draft.variables.append(item.filter)

    def key_value(self, sign: Token, value: Equals, _: Token) -> Condition:
        return Condition(Filter("#key", None, value), sign.start())

    def key_capture(self, _open: Token, _sign: Token, name: Token, _close: Token) -> Capture:
        return self._capture(Named("#key", _check.normal(name.group()), None, name.start()))

    # Items in braces

    def no_items(self, _open: Token, _close: Token) -> tuple[Item, ...]:
        return ()

    def first_item(self, item: object) -> list[object]:
        return [item]

    def next_item(self, items: list[object], _: Token, item: object) -> list[object]:
        items.append(item)
        return items

    def child_item(self, chain: End) -> Item:
        end = self._fold(chain, top=False)
        return self._capture(end) if isinstance(end, Named) else Nested(Relation.CHILD, end.call())

    def second_child_item(self, _: Token, chain: End) -> Item:
        return self.child_item(chain)

    def descendant_item(self, _: Token, chain: End) -> Item:
        end = self._fold(chain, top=False)
        if isinstance(end, Named):
            return _within(self._capture(end))
        return Nested(Relation.DESCENDANT, end.call())

    def second_condition_item(self, _: Token, condition: Condition | Category) -> Condition:
        return self.condition_item(condition)

    def condition_item(self, condition: Condition | Category) -> Condition:
        if isinstance(condition, Category):
            return Condition(Filter(None, condition), 0)
        return condition

    def within_item(self, _: Token, condition: Condition | Category) -> Item:
        return _within(self.condition_item(condition).filter)

    # Variables

    def variable(
        self, variable: Token, category: Category | None = None, name: Token | None = None
    ) -> Named:
        text = _check.variable_name(self.text, variable)
        if name is None:
            return Named(text, text, category, variable.start())
        return Named(text, _check.normal(name.group()), category, name.start())

    def renamed_variable(self, variable: Token, name: Token) -> Named:
        return self.variable(variable, None, name)

    def any_variable(self, _: Token, name: Token, category: Category | None = None) -> Named:
        return Named(None, _check.normal(name.group()), category, name.start())

    def renamed_star(self, star: Token, name: Token) -> Named:
        return self.any_variable(star, name)

    def renamed_star_in(self, star: Token, category: Category, name: Token) -> Named:
        return self.any_variable(star, name, category)

    def marked(self, mark: Token, variable: Named) -> Named:
        variable.role = Role(mark.group())
        if variable.role is Role.FOCUS:
            if self.focus is not None:
                raise _check.second_focus(self.text, mark.start())
            self.focus = (mark.start(), True)
        else:
            if self.target is not None:
                raise _check.second_target(self.text, mark.start())
            self.target = mark.start()
        return variable

    def _imply_focus(self, variable: Named) -> None:
        """Make the right end of a chain the focus; another one is an error at its mark, if it has one."""
        if self.focus is not None:
            at, is_marked = self.focus
            raise _check.second_focus(self.text, at if is_marked else variable.at, implied=True)
        self.focus = (variable.at, False)
        variable.role = Role.FOCUS

    def _capture(self, variable: Named) -> Capture:
        name = variable.name
        if name in self.names:
            # Calls are closed from right to left: the one found second may be written first.
            raise _check.second_name(self.text, name, max(self.names[name], variable.at))
        self.names[name] = variable.at
        return Capture(variable.variable, name, variable.category, variable.role)

    # Conditions

    def equals(self, variable: Token, _: Token, value: Equals) -> Condition:
        return self._condition(variable, None, value)

    def equals_in(self, variable: Token, category: Category, _: Token, value: Equals) -> Condition:
        return self._condition(variable, category, value)

    def predicate(self, variable: Token, _: Token, name: Token) -> Condition:
        return self._condition(variable, None, Predicate(_check.normal(name.group())))

    def predicate_in(
        self, variable: Token, category: Category, _: Token, name: Token
    ) -> Condition:
        return self._condition(variable, category, Predicate(_check.normal(name.group())))

    def _condition(
        self, variable: Token, category: Category | None, test: Equals | Predicate
    ) -> Condition:
        name = _check.variable_name(self.text, variable)
        return Condition(Filter(name, category, test), variable.start())

    def has_any(self, star: Token, category: Category | None = None) -> Condition:
        return Condition(Filter(None, category), star.start())

    # Categories and values

    def category(self, _: Token, name: str) -> Category:
        return Category((name,))

    def conjunction(
        self, _colon: Token, _open: Token, names: Sequence[str], _close: Token
    ) -> Category:
        return Category(tuple(names))

    def tag_name(self, name: Token) -> str:
        return _check.normal(name.group())

    def at_tag_name(self, _: Token, name: Token) -> str:
        return "@" + _check.normal(name.group())

    def number(self, number: Token) -> Equals:
        return Equals(_check.number(self.text, number))

    def string(self, string: Token) -> Equals:
        return Equals(_check.string(self.text, string))

    def bare_word(self, word: Token) -> Equals:
        return Equals(_check.word_value(word.group()))

    # Rules that only hand a value on

    def same(self, value: object) -> object:
        return value

    def second(self, _: Token, value: object, *__: Token) -> object:
        return value


def _within(variable: Variable) -> Nested:
    return Nested(Relation.WITHIN, Call(None, None, (variable,), ()))


def _is_bare(value: Named) -> bool:
    return (
        value.variable is not None
        and value.variable[0] != "#"
        and value.variable == value.name
        and value.role is Role.PLAIN
    )
