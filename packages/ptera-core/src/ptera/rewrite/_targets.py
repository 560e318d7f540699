"""What an assignment binds: names, attributes, elements, and unpacking of all of them.

Real unpacking is kept, and so is Python's order: the value first, then each target from
left to right. The taps come after the statement.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

from .._syntax import dotted_name, is_plain, target_leaves
from ._build import assign, call, changed, constant, load, name_target, release
from ._context import Context
from ._expressions import Expressions

__all__ = ["Targets", "bound_names"]


def bound_names(targets: Iterable[ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """Gives the names that targets bind, each with its node, from left to right."""
    for target in targets:
        for leaf in target_leaves(target):
            if isinstance(leaf, ast.Name) and is_plain(leaf.id):
                yield leaf.id, leaf


class Targets:
    """Binds targets, with what the weave wants at each.

    Arguments:
        expressions: What rewrites the expressions inside targets (`h[e]`).
    """

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.context: Context = expressions.context

    def after(self, places: Iterable[tuple[str, ast.AST]]) -> list[ast.stmt]:
        """Gives what follows when names have been bound: `x = REPLACE(x)`, `TAP(x)`.

        Arguments:
            places: The names, each with the node at whose place the taps are put.
        """
        return [made for name, at in places for made in self.after_name(name, at, load(at, name))]

    def after_name(self, name: str, at: ast.AST, value: ast.expr) -> list[ast.stmt]:
        """Gives what follows when a name has been bound to what `value` reads."""
        context = self.context
        made: list[ast.stmt] = []
        if context.replaces(name):
            made.append(assign(at, name, context.replace(at, name, value)))
            value = load(at, name)
        return made + context.tap(at, name, value)

    def need_steps(self, targets: Sequence[ast.expr]) -> bool:
        """Tells whether targets must be bound one by one.

        So it is for attributes and elements, whose value is not read again, and for names
        that are bound more than once, of which each value counts.
        """
        seen: set[str] = set()
        for leaf in (leaf for target in targets for leaf in target_leaves(target)):
            if isinstance(leaf, ast.Name):
                if leaf.id in seen and self.context.wants(leaf.id):
                    return True
                seen.add(leaf.id)
            elif self.is_wanted(leaf):
                return True
        return False

    def is_wanted(self, leaf: ast.expr) -> bool:
        """Tells whether the weave wants the attribute or element that a target stands for."""
        if isinstance(leaf, ast.Subscript):
            base = leaf.value
            return isinstance(base, ast.Name) and self.context.weave.wants_element(base.id)
        name = dotted_name(leaf)
        return name is not None and self.context.wants(name)

    def from_temporary(
        self, targets: Sequence[ast.expr], value: str, annotation: ast.expr | None = None
    ) -> list[ast.stmt]:
        """Gives the statements that bind targets to what a temporary holds, and release it."""
        steps = _Steps(self, annotation)
        steps.temporaries.append(value)
        if self.need_steps(targets):
            for target in targets:
                steps.store(target, value)
        else:
            for target in targets:
                steps.keep(target, load(target, value))
            steps.after += self.after(bound_names(targets))
        return steps.statements(targets[-1])


class _Steps:
    """Binds targets one by one, and collects what follows after the last of them.

    `h[k], self.x = e` becomes::

        .t1 = e                 # by the caller
        .t2, .t3 = .t1
        .t4 = h; .t5 = k; .t6 = REPLACE_ELEMENT(.t2); .t4[.t5] = .t6
        .t7 = REPLACE(.t3); self.x = .t7
        TAP_ELEMENT(.t5, .t6); TAP(.t7)
        del .t1, .t2, ...
    """

    def __init__(self, targets: Targets, annotation: ast.expr | None = None) -> None:
        self.targets = targets
        self.context = targets.context
        self.annotation = annotation
        self.now: list[ast.stmt] = []
        self.after: list[ast.stmt] = []
        self.temporaries: list[str] = []

    def statements(self, at: ast.AST) -> list[ast.stmt]:
        """Gives all statements, temporaries released in the end."""
        return [*self.now, *self.after, *release(at, self.temporaries)]

    def temporary(self) -> str:
        """Gives a temporary that is released in the end."""
        name = self.context.temporary()
        self.temporaries.append(name)
        return name

    def keep(self, target: ast.expr, value: ast.expr) -> None:
        """Binds a target as it is written."""
        target = self.targets.expressions.rewrite(target)
        if self.annotation is None:
            self.now.append(assign(target, target, value))
        else:  # so that the names in it stay what they are
            assert isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
            made = ast.AnnAssign(target, self.annotation, value, 0)
            self.now.append(ast.copy_location(made, target))

    def store(self, target: ast.expr, value: str) -> None:
        """Binds a target to what the temporary `value` holds."""
        if isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value)
        elif isinstance(target, ast.Name):
            self.keep(target, load(target, value))
            if is_plain(target.id):
                self.after += self.targets.after_name(target.id, target, load(target, value))
        elif not self.targets.is_wanted(target):
            self.keep(target, load(target, value))
        elif isinstance(target, ast.Subscript):
            self._element(target, value)
        else:
            self._attribute(target, value)

    def _unpack(self, target: ast.Tuple | ast.List, value: str) -> None:
        if not any(map(self._is_tapped, target_leaves(target))):
            self.keep(target, load(target, value))
            return
        parts: list[tuple[ast.expr, str]] = []
        elements: list[ast.expr] = []
        for element in target.elts:
            inner = element.value if isinstance(element, ast.Starred) else element
            temporary = self.temporary()
            parts.append((inner, temporary))
            stored: ast.expr = name_target(inner, temporary)
            if isinstance(element, ast.Starred):
                stored = changed(element, value=stored)
            elements.append(stored)
        self.now.append(assign(target, changed(target, elts=elements), load(target, value)))
        for inner, temporary in parts:
            self.store(inner, temporary)

    def _is_tapped(self, leaf: ast.expr) -> bool:
        if isinstance(leaf, ast.Name):
            return self.context.wants(leaf.id)
        return self.targets.is_wanted(leaf)

    def _attribute(self, target: ast.expr, value: str) -> None:
        context, name = self.context, dotted_name(target) or ""
        if context.replaces(name):
            replaced = context.replace(target, name, load(target, value))
            value = self.temporary()
            self.now.append(assign(target, value, replaced))
        self.keep(target, load(target, value))
        self.after += context.tap(target, name, load(target, value))

    def _element(self, target: ast.Subscript, value: str) -> None:
        held, key = self.hold(target)
        value = self.replace_element(target, key, value)
        self.keep(held_element(target, held, key), load(target, value))
        self.tap_element(target, key, value)

    def hold(self, target: ast.Subscript) -> tuple[str, str]:
        """Evaluates the object and the key of an element, once, into temporaries."""
        held, key = self.temporary(), self.temporary()
        self.now.append(assign(target, held, target.value))
        index = self._key(self.targets.expressions.rewrite(target.slice))
        self.now.append(assign(target, key, index))
        return held, key

    def _key(self, index: ast.expr) -> ast.expr:
        """`1:2` becomes `slice(1, 2, None)`, which is what the object is given anyway."""
        if isinstance(index, ast.Slice):
            parts = [
                part or constant(index, None) for part in (index.lower, index.upper, index.step)
            ]
            return call(index, self.context.builtin(index, "slice"), *parts)
        if isinstance(index, ast.Tuple):
            return changed(index, elts=[self._key(part) for part in index.elts])
        return index

    def replace_element(self, target: ast.Subscript, key: str, value: str) -> str:
        """Gives the temporary with the value that an element is to get."""
        name = element_name(target)
        replaced = self.context.replace_element(
            target, name, load(target, key), load(target, value)
        )
        if replaced is None:
            return value
        value = self.temporary()
        self.now.append(assign(target, value, replaced))
        return value

    def tap_element(self, target: ast.Subscript, key: str, value: str) -> None:
        """Adds the taps of an element."""
        name = element_name(target)
        self.after += self.context.tap_element(target, name, load(target, key), load(target, value))


def element_name(target: ast.Subscript) -> str:
    """Gives `h` of `h[k]`."""
    assert isinstance(target.value, ast.Name)
    return target.value.id


def held_element(target: ast.Subscript, held: str, key: str) -> ast.Subscript:
    """Gives `.t1[.t2]`, in the place of `h[k]`."""
    return changed(target, value=load(target.value, held), slice=load(target.slice, key))


def augmented(targets: Targets, node: ast.AugAssign) -> list[ast.stmt]:
    """Gives the statements of `self.x += e` or `h[k] += e`: read once, set once.

    ::

        .t1 = self
        .t2 = .t1.x
        .t2 += e
        .t3 = REPLACE(.t2); .t1.x = .t3; TAP(.t3)
        del .t1, .t2, .t3
    """
    steps = _Steps(targets)
    target = node.target
    key = ""
    if isinstance(target, ast.Subscript):
        held, key = steps.hold(target)
        place: ast.expr = held_element(target, held, key)
    else:
        assert isinstance(target, ast.Attribute)
        held = steps.temporary()
        steps.now.append(assign(target, held, target.value))
        place = changed(target, value=load(target.value, held))
    value = steps.temporary()
    steps.now.append(assign(target, value, changed(place, ctx=ast.Load())))
    operand = targets.expressions.rewrite(node.value)
    steps.now.append(changed(node, target=name_target(target, value), value=operand))
    if isinstance(target, ast.Subscript):
        value = steps.replace_element(target, key, value)
        steps.keep(place, load(target, value))
        steps.tap_element(target, key, value)
    else:
        name, context = dotted_name(target) or "", targets.context
        if context.replaces(name):
            replaced = context.replace(target, name, load(target, value))
            value = steps.temporary()
            steps.now.append(assign(target, value, replaced))
        steps.keep(place, load(target, value))
        steps.after += context.tap(target, name, load(target, value))
    return steps.statements(node)
