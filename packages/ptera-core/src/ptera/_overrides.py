"""The code that changes values: the new one is put where the focus is bound."""

import ast
from collections.abc import Callable
from typing import Any

from . import _deliver
from ._deliver import ABSENT, Node, Place, Root
from ._emission import Reading, event_call, lenient
from ._live import LiveWeave
from ._match import live_event
from ._plan import Plan, Site, checker, column_key
from ._specs import Test
from ._template import expression, load, statements
from ._weaves import NodeWeave
from .rewrite import Weave

__all__ = ["Arbitration", "OverrideWeave", "SideOverrideWeave"]


def is_plain_name(name: str) -> bool:
    """Whether a variable can be assigned again by its name."""
    return not name.startswith("#") and "." not in name


class OverrideWeave(LiveWeave):
    """An override without side patterns.

    A local is assigned again, before anyone sees the first value::

        x = compute()
        if .p is not None:
            x = .p.value            # or .p.emit(a, b), with the captures of the handler

    Attributes, elements and points have their value replaced by a call before they get
    it. So has a local that two overlays want to change (see `Arbitration`).
    """

    changes = True
    contested: frozenset[str] = frozenset()

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        focus, self.focus_names = self.focus_names, self._assigned(name)
        try:
            return super().tap(name, value)
        finally:
            self.focus_names = focus

    def _assigned(self, name: str) -> frozenset[str]:
        if is_plain_name(name) and name not in self.contested:
            return self.focus_names
        return frozenset()

    def deliver(
        self, root: ast.expr, readings: list[Reading], name: str, value: ast.expr
    ) -> list[ast.stmt]:
        made = statements("X = V", X=name, V=self.new_value(root, readings))
        if not self.plan.is_direct:
            made.append(ast.Break())
        return made

    def new_value(self, root: ast.expr, readings: list[Reading]) -> ast.expr:
        """`.p.value`, or the call of the function that computes it."""
        if self.plan.constant:
            return expression("R.value", R=root)
        return event_call(self.put, self.plan, root, readings, self.outer_value)

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        focus, self.focus_names = self.focus_names, frozenset()
        try:
            shadows = super().tap_expression(name, value)
        finally:
            self.focus_names = focus
        if name not in self.focus_names or not is_plain_name(name):
            return shadows
        assigned = ast.NamedExpr(ast.Name(name, ast.Store()), self.proposal_call(name, value))
        return ast.Tuple([shadows, assigned], ast.Load())

    def replaces(self, name: str) -> bool:
        return name in self.focus_names and not is_plain_name(name)

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return self.proposal_call(name, value)

    def proposal_call(self, name: str, value: ast.expr) -> ast.expr:
        """`DECIDE(value, ((CHOOSER, .ms, (own values)),))`."""
        return expression("F(V, (C,))", F=self.put(decide), V=value, C=self.candidate(name))

    def candidate(self, name: str) -> ast.expr:
        """Gives what `decide` needs to know of this override at a binding of `name`."""
        variables = [v for v in dict.fromkeys(self._own_variables()) if v != name]
        held = [self._held(variable, name, ast.Constant(None))[0] for variable in variables]
        generic = [c.name for c in self.own.captures if "$" + c.name in self.shadows]
        held += [load(self.shadows["$" + capture]) for capture in generic]
        keys = [*variables, *("$" + capture for capture in generic)]
        chooser = Chooser(self.plan, name, tuple(keys))
        places = self.parent if self.plan.is_direct else self.name("m")
        own = ast.Tuple(held, ast.Load())
        return expression("(C, M, O)", C=self.put(chooser), M=places, O=own)

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        if not self.wants_element(name):
            return None
        number = list(self.elements).index(name)
        places = self.parent if self.plan.is_direct else self.name("m", f"e{number}")
        chooser = Chooser(self.plan, "#value", ("#key",))
        candidate = expression("(C, M, (K,))", C=self.put(chooser), M=places, K=key)
        return expression("F(V, (C,))", F=self.put(decide), V=value, C=candidate)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        return []


Places = tuple[Place, ...] | Node | Root | None
Candidate = tuple["Chooser", Places, tuple[Any, ...]]
Proposal = tuple[Root, Callable[[], Any]]


class Chooser:
    """Tells what an override wants at a binding, without doing it yet.

    Arguments:
        plan: The plan of the override.
        name: The variable that is bound.
        keys: What the own values that it is called with are values of.
    """

    __slots__ = ("captures", "name", "own_tests", "outer_tests", "plan", "positions")

    def __init__(self, plan: Plan, name: str, keys: tuple[str, ...]) -> None:
        self.plan = plan
        self.name = name
        self.positions = {key: at for at, key in enumerate(keys)}
        own = plan.specs.path[-1]
        self.own_tests = [(_key_test(test), test.variable) for test in own.tests]
        self.outer_tests = [
            (at, checker(test), plan.columns[test.variable])
            for at, spec in enumerate(plan.specs.path[:-1])
            for test in spec.tests
        ]

    def propose(self, incoming: Any, places: Places, own: tuple[Any, ...]) -> Proposal | None:
        """Gives the overlay's root and the function that computes its value, or None."""
        if places is None:
            return None
        for place in places if isinstance(places, tuple) else ((places.root,),):
            if self._passes(incoming, place, own):
                return place[0].root, lambda place=place: self._value(incoming, place, own)
        return None

    def _passes(self, incoming: Any, place: Place, own: tuple[Any, ...]) -> bool:
        for check, variable in self.own_tests:
            value = self._own(variable, incoming, own)
            if value is ABSENT or not check(value):
                return False
        for at, check, column in self.outer_tests:
            value = place[at].values[column]
            if value is ABSENT or not check(value):
                return False
        return True

    def _own(self, variable: str, incoming: Any, own: tuple[Any, ...]) -> Any:
        position = self.positions.get(variable)
        return incoming if position is None else own[position]

    def _value(self, incoming: Any, place: Place, own: tuple[Any, ...]) -> Any:
        root = place[0].root
        if self.plan.constant:
            return root.value
        return root.emit(
            *(self._argument(a, incoming, place, own) for a in self.plan.arguments or ())
        )

    def _argument(self, name: str, incoming: Any, place: Place, own: tuple[Any, ...]) -> Any:
        from ._emission import assemble_arguments

        for at, spec in enumerate(self.plan.specs.path):
            for capture in spec.captures:
                if capture.name == name:
                    key = column_key(capture)
                    if at < len(self.plan.specs.path) - 1:
                        value = place[at].values[self.plan.columns[key]]
                    elif capture is spec.focus:
                        return incoming
                    else:
                        value = self._own(key, incoming, own)
                    return assemble_arguments(((name, capture.variable, value),))[0]
        raise AssertionError(name)


def _key_test(test: Test) -> Callable[[Any], bool]:
    return lenient(checker(test)) if test.variable == "#key" else checker(test)


def decide(incoming: Any, candidates: tuple[Candidate, ...]) -> Any:
    """Gives the value that a variable gets: of the override that wins, or the incoming one.

    The highest priority wins; of equals, the inner overlay's, and of one overlay's the
    later entry. The functions of the losers are not called.
    """
    best: Proposal | None = None
    for chooser, places, own in candidates:
        proposal = chooser.propose(incoming, places, own)
        if proposal is not None and (best is None or _rank(proposal) > _rank(best)):
            best = proposal
    return incoming if best is None else best[1]()


def _rank(proposal: Proposal) -> tuple[float, int]:
    return proposal[0].priority, proposal[0].serial


class Arbitration(Weave):
    """Decides between several overrides of the same local (`x = DECIDE(x, (…, …))`)."""

    changes = True

    def __init__(self, rivals: list[OverrideWeave], put: Callable[[object], ast.Constant]) -> None:
        self.put = put
        self.rivals = rivals
        names = [name for rival in rivals for name in rival.focus_names if is_plain_name(name)]
        self.contested = frozenset(name for name in names if names.count(name) > 1)
        for rival in rivals:
            rival.contested = self.contested

    def wants(self, name: str) -> bool:
        return name in self.contested

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        return statements("X = V", X=name, V=self._decision(name, value))

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        return ast.NamedExpr(ast.Name(name, ast.Store()), self._decision(name, value))

    def _decision(self, name: str, value: ast.expr) -> ast.expr:
        candidates = [rival.candidate(name) for rival in self.rivals if name in rival.focus_names]
        all_of_them = ast.Tuple(candidates, ast.Load())
        return expression("F(V, C)", F=self.put(decide), V=value, C=all_of_them)


class SideOverrideWeave(NodeWeave):
    """An override whose selector has side patterns: matched over what is recorded."""

    changes = True

    def wants(self, name: str) -> bool:
        return bool(self.site.stored_in(name)) or name in self.site.focus_names

    def listener(self, site: Site) -> object:
        return _ignore

    def replaces(self, name: str) -> bool:
        return name in self.site.focus_names

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return expression(
            "F(N, SITE, NAME, V)",
            F=self.put(override_with_sides),
            N=self.node,
            SITE=self.put(self.site),
            NAME=ast.Constant(name),
            V=value,
        )


def _ignore(*_: object) -> None:
    """Stands where a live rule would deliver: the override has acted already."""


def override_with_sides(node: Node | None, site: Site, name: str, incoming: Any) -> Any:
    """Gives the value that a variable gets from an override with side patterns."""
    if node is None or not node.root.live:
        return incoming
    for place in _deliver.places(node.parent, node, site):
        placed = [*(p for p in place if isinstance(p, Node)), node]
        event = live_event(site, placed, name, incoming)
        if event is not None:
            if site.plan.constant:
                return node.root.value
            return node.root.emit(*(event[a].value for a in site.plan.arguments or ()))
    return incoming
