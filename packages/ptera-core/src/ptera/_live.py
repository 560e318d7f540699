"""Live mode without side patterns: the event is built where the focus is bound."""

import ast
from collections.abc import Iterator

from ptera_selector import Capture

from . import _deliver
from ._deliver import ABSENT
from ._emission import Reading, event_statements, passing
from ._plan import Site
from ._scope import Kind, surely_bound
from ._specs import Spec, Test
from ._template import expression, load, statements, store
from ._weaves import RecordingWeave, Tools

__all__ = ["LiveWeave"]


class LiveWeave(RecordingWeave):
    """Live mode without side patterns: the event is built where the focus is bound.

    One pattern::

        if .p is not None:
            .p.emit({"x": x, "y": y})

    Several: `.m` runs over the placements of the patterns above, found at entry, and the
    captures there are read from their records::

        for .m0, in .ms:
            .m0.root.emit({"x": .m0.values[0], "y": y})
    """

    def __init__(self, site: Site, tools: Tools) -> None:
        super().__init__(site, tools)
        self.path = self.plan.specs.path
        self.own: Spec = self.path[-1]
        self.focus_names: frozenset[str] = self.site.focus_names
        self.opens = not self.plan.is_simple and self._must_open()
        self.shadows: dict[str, str] = {}
        if self.focus_names:
            self._choose_readings()

    def _must_open(self) -> bool:
        """Whether activations below can tell that this one was there."""
        name = self.site.subject.name
        named = any(spec.name.rpartition(".")[2] == name for spec in self.plan.specs.all)
        return self.site.fits_outer or (
            self.plan.specs.needs_neighbours
            and (self.site.subject.calls_out or (not self.focus_names and named))
        )

    def _choose_readings(self) -> None:
        """Names a shadow for each own variable that a local cannot be trusted for."""
        for variable in self._own_variables():
            if not self._is_plain(variable) and variable != "#key":
                self.shadows[variable] = self.name("s", len(self.shadows))
        for capture in self.own.captures:
            if capture.variable is None and capture is not self.own.focus:
                self.shadows["$" + capture.name] = self.name("s", len(self.shadows))

    def _own_variables(self) -> Iterator[str]:
        for capture in self.own.captures:
            if capture is not self.own.focus and capture.variable is not None:
                yield capture.variable
        for test in self.own.tests:
            yield test.variable

    def _is_plain(self, variable: str) -> bool:
        """Whether the local of that name always holds the latest binding."""
        return surely_bound(self.site.subject.source, variable)

    def prologue(self) -> list[ast.stmt]:
        made = self.open_record() if self.opens else []
        for variable, shadow in self.shadows.items():
            absent: ast.expr = self.put(ABSENT)
            boxed = ast.List([absent], ast.Load()) if self._is_boxed(variable) else absent
            made.append(store(shadow, boxed))
        if self.site.keyed and self.focus_names:
            made += self._find_key()
        if self.is_single and self.focus_names:
            made += self._find_place()
        elif not self.plan.is_direct and self.focus_names:
            made += self._find_places(self.name("m"), self.site)
        for number, site in enumerate(self.elements.values()):
            if site.focus_names and not self.plan.is_direct:
                made += self._find_places(self.name("m", f"e{number}"), site)
        if "#key" in self.focus_names:
            key = load(self.name("k"))
            made += self.at_focus(self._readings("#key", key), self.name("m"), "#key", key)
        return [*made, *self.declarations()]

    @property
    def is_single(self) -> bool:
        """Whether there is one placement at most: the caller, for one pattern above."""
        return self.site.outer_child >= 0 and not self.changes

    def _find_place(self) -> list[ast.stmt]:
        """`.m0 = PLACE(.p, SITE)`, the record of the caller, or None if it does not fit."""
        function, where = self.put(_deliver.only_place), self.put(self.site)
        return statements(
            "M = F(P, SITE)", M=self.name("m", 0), F=function, P=self.parent, SITE=where
        )

    def _find_places(self, name: str, site: Site) -> list[ast.stmt]:
        """`.m = PLACES(.p, .n, SITE)`; an element's parent is this activation."""
        own = load(self.node) if self.opens else ast.Constant(None)
        parent: ast.expr = load(self.parent)
        if site.is_element:
            if self.opens:
                parent = own
            own = ast.Constant(None)
        function, where = self.put(_deliver.places), self.put(site)
        return statements("M = F(P, N, SITE)", M=name, F=function, P=parent, N=own, SITE=where)

    def _find_key(self) -> list[ast.stmt]:
        if self.opens:
            return statements("K = None if N is None else N.key", K=self.name("k"), N=self.node)
        key = self.key if self.key is not None else self.put(ABSENT)
        return statements(
            "K = None if P is None else F(P, NAME, KEY)",
            K=self.name("k"),
            P=self.parent,
            F=self.put(_deliver.ordinal),
            NAME=ast.Constant(self.site.name),
            KEY=key,
        )

    def wants(self, name: str) -> bool:
        return (
            name in self.focus_names
            or name in self.shadows
            or bool(self._generic_shadows(name))
            or (self.opens and bool(self.site.stored_in(name)))
        )

    def _generic_shadows(self, name: str) -> list[str]:
        return [
            self.shadows["$" + capture.name]
            for capture in self.own.captures
            if "$" + capture.name in self.shadows and name in self.site.generic_names(capture)
        ]

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for shadow, kept in self._shadowing(name, value):
            if self._is_boxed(name):
                made += statements("S[0] = V", S=shadow, V=kept)
            else:
                made.append(store(shadow, kept))
        stored = [
            statement
            for column, generic in (self.site.stored_in(name) if self.opens else [])
            for statement in statements(
                "N.values[I] = V",
                N=self.node,
                I=ast.Constant(column),
                V=_with_name(value, name) if generic else value,
            )
        ]
        if stored:
            made += statements("if N is not None: BODY", {"BODY": stored}, N=self.node)
        if name in self.focus_names:
            made += self.at_focus(self._readings(name, value), self.name("m"), name, value)
        return made

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        parts: list[ast.expr] = [
            expression("S.__setitem__(0, V)", S=shadow, V=kept)
            if self._is_boxed(name)
            else ast.NamedExpr(ast.Name(shadow, ast.Store()), kept)
            for shadow, kept in self._shadowing(name, value)
        ]
        for column, generic in self.site.stored_in(name) if self.opens else []:
            kept = _with_name(value, name) if generic else value
            put = expression(
                "N is not None and N.values.__setitem__(I, V)",
                N=self.node,
                I=ast.Constant(column),
                V=kept,
            )
            parts.append(put)
        if name in self.focus_names:
            parts.append(self.focus_expression(self._readings(name, value), name, value))
        return ast.Tuple(parts, ast.Load())

    def _is_boxed(self, variable: str) -> bool:
        """Whether a shadow is a list of one, for where `:=` cannot stand: in comprehensions."""
        known = self.facts.variables.get(variable)
        return known is not None and Kind.COMPREHENSION in known.kinds

    def _shadow(self, variable: str) -> ast.expr:
        """Gives the expression that reads a shadow."""
        if self._is_boxed(variable):
            return expression("S[0]", S=self.shadows[variable])
        return load(self.shadows[variable])

    def _shadowing(self, name: str, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        if name in self.shadows:
            yield self.shadows[name], value
        for shadow in self._generic_shadows(name):
            yield shadow, _with_name(value, name)

    def _readings(self, name: str, value: ast.expr) -> list[Reading]:
        """Gives where each capture's value is found at a binding of the focus `name`."""
        found: dict[str, Reading] = {}
        for at, spec in enumerate(self.path[:-1]):
            for capture in spec.captures:
                found[capture.name] = Reading(capture, outer=at)
        for capture in self.own.captures:
            if capture is self.own.focus:
                found[capture.name] = Reading(capture, value, sure=True, variable=name)
            else:
                found[capture.name] = self._own_reading(capture, name, value)
        return [found[capture] for capture in self.plan.specs.names if capture in found]

    def _own_reading(self, capture: Capture, name: str, value: ast.expr) -> Reading:
        if capture.variable is None:
            return Reading(capture, load(self.shadows["$" + capture.name]))
        held, sure = self._held(capture.variable, name, value)
        return Reading(capture, held, sure, capture.variable)

    def _held(self, variable: str, name: str, value: ast.expr) -> tuple[ast.expr, bool]:
        if variable == name:
            return value, True
        if variable == "#key":
            return load(self.name("k")), True
        if variable in self.shadows:
            return self._shadow(variable), False
        if self._is_later(variable, name):
            return self.put(ABSENT), False
        return load(variable), True

    def _is_later(self, parameter: str, name: str) -> bool:
        """Whether a parameter is bound after `name` is: in the order of the signature."""
        order = self.facts.parameters
        if name in ("#key", "#enter"):
            return True
        return name in order and order.index(parameter) > order.index(name)

    def own_tests(self, name: str, value: ast.expr) -> list[tuple[Test, ast.expr, bool]]:
        """Gives each filter of the focus's pattern with the value that it tests."""
        return [(test, *self._held(test.variable, name, value)) for test in self.own.tests]

    def conditions(self, name: str, value: ast.expr) -> list[ast.expr]:
        """Gives what must be true at a binding of the focus."""
        made = [passing(self.put, *test) for test in self.own_tests(name, value)]
        for at, spec in enumerate(self.path[:-1]):
            for test in spec.tests:
                made.append(self._outer_condition(at, spec, test))
        return made

    def _outer_condition(self, at: int, spec: Spec, test: Test) -> ast.expr:
        held = self.outer_value(at, test.variable)
        return passing(self.put, test, held, False)

    def outer_value(self, at: int, variable: str) -> ast.expr:
        """`.m0.values[3]`: the latest value of a variable in a placement above."""
        column = ast.Constant(self.plan.columns[variable])
        return expression("M.values[I]", M=self.name("m", at), I=column)

    @property
    def root(self) -> ast.expr:
        """The expression that reads the root of the rule at a binding of the focus."""
        if self.plan.is_simple:
            return load(self.parent)
        if self.plan.is_direct:
            return expression("P.root", P=self.parent)
        return expression("M.root", M=self.name("m", 0))

    def at_focus(
        self, readings: list[Reading], places: str, name: str, value: ast.expr
    ) -> list[ast.stmt]:
        """Gives the statements that deliver, for each placement whose filters hold."""
        root = self.root
        body = self.deliver(root, readings, name, value)
        conditions = self.conditions(name, value)
        if self.plan.is_direct or self.is_single:
            return [ast.If(_all([self.active, *conditions]), body, [])]
        conditional: list[ast.stmt] = [ast.If(_all(conditions), body, [])] if conditions else body
        return [self.loop(places, conditional)]

    @property
    def active(self) -> ast.expr:
        """What must be there for an event, where placements need no loop."""
        found = self.name("m", 0) if self.is_single else self.parent
        return expression("X is not None", X=found)

    def loop(self, places: str, body: list[ast.stmt]) -> ast.stmt:
        """`for .m0, in .ms: …`: one pass for each placement of the patterns above."""
        above = max(len(self.path) - 1, 1)
        names: list[ast.expr] = [ast.Name(self.name("m", at), ast.Store()) for at in range(above)]
        return ast.For(ast.Tuple(names, ast.Store()), load(places), body, [])

    def deliver(
        self, root: ast.expr, readings: list[Reading], name: str, value: ast.expr
    ) -> list[ast.stmt]:
        """Gives the statements that build one event and hand it over."""
        return event_statements(self.put, self.plan, root, readings, self.outer_value)

    def focus_expression(self, readings: list[Reading], name: str, value: ast.expr) -> ast.expr:
        """The same where only an expression can stand."""
        call = event_call(self, self.root, readings)
        if self.plan.is_direct or self.is_single:
            return _all([self.active, *self.conditions(name, value), call])
        above = max(len(self.path) - 1, 1)
        names: list[ast.expr] = [ast.Name(self.name("m", at), ast.Store()) for at in range(above)]
        loop = ast.comprehension(
            ast.Tuple(names, ast.Store()), load(self.name("m")), self.conditions(name, value), 0
        )
        return ast.ListComp(call, [loop])

    def wants_element(self, name: str) -> bool:
        return name in self.elements and bool(self.elements[name].focus_names)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        number = list(self.elements).index(name)
        readings = self._element_readings(key, value)
        places = self.name("m", f"e{number}")
        tests = [self._element_test(test, key, value) for test in self.own.tests]
        return self.at_element(readings, places, tests, value)

    def _element_readings(self, key: ast.expr, value: ast.expr) -> list[Reading]:
        found: dict[str, Reading] = {}
        for at, spec in enumerate(self.path[:-1]):
            for capture in spec.captures:
                found[capture.name] = Reading(capture, outer=at)
        for capture in self.own.captures:
            if capture.variable == "#key":
                found[capture.name] = Reading(capture, key, True, "#key")
            elif not self.is_at_key:
                found[capture.name] = Reading(capture, value, True, "#value")
        return [found[capture] for capture in self.plan.specs.names if capture in found]

    @property
    def is_at_key(self) -> bool:
        """Whether an element's key has the focus: it is bound first, before the value."""
        return self.own.focus is not None and self.own.focus.variable == "#key"

    def _element_test(
        self, test: Test, key: ast.expr, value: ast.expr
    ) -> tuple[Test, ast.expr, bool]:
        if test.variable == "#key":
            return test, key, True
        return (test, self.put(ABSENT), False) if self.is_at_key else (test, value, True)

    def at_element(
        self,
        readings: list[Reading],
        places: str,
        tests: list[tuple[Test, ast.expr, bool]],
        value: ast.expr,
    ) -> list[ast.stmt]:
        """The delivery at `h[k] = v`, where the element's own pattern has the focus."""
        conditions = [passing(self.put, *test, element=True) for test in tests]
        for at, spec in enumerate(self.path[:-1]):
            conditions += [self._outer_condition(at, spec, test) for test in spec.tests]
        root = self.root
        body = self.deliver(root, readings, "#value", value)
        if self.plan.is_direct:
            active = expression("P is not None", P=self.parent)
            return [ast.If(_all([active, *conditions]), body, [])]
        conditional: list[ast.stmt] = [ast.If(_all(conditions), body, [])] if conditions else body
        return [self.loop(places, conditional)]


def _with_name(value: ast.expr, name: str) -> ast.expr:
    return ast.Tuple([value, ast.Constant(name)], ast.Load())


def _all(conditions: list[ast.expr]) -> ast.expr:
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(ast.And(), conditions)


def event_call(weave: LiveWeave, root: ast.expr, readings: list[Reading]) -> ast.expr:
    """Gives the delivery of one event as a single expression."""
    (statement,) = event_statements(
        weave.put, weave.plan, root, readings, weave.outer_value, with_note=False
    )
    assert isinstance(statement, ast.Expr)
    return statement.value
