"""The code that changes values: the new one is put where the focus is bound."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import _deliver
from ._deliver import ABSENT, Captured, Node, Place, Root, note_selector
from ._emission import (
    Entry,
    Reading,
    assemble_arguments,
    assemble_raw,
    assemble_values,
    event_call,
    lenient,
    noted,
)
from ._errors import ConflictError
from ._live import LiveWeave
from ._match import live_event, values_of
from ._plan import Plan, Site, checker, column_key
from ._scope import Kind
from ._specs import Test
from ._template import expression, load, statements
from ._weaves import NodeWeave
from .rewrite import Weave, Weaves

__all__ = ["Arbitration", "OverrideWeave", "Settled", "SideOverrideWeave"]


USUAL_PRIORITY = 2


def is_plain_name(name: str) -> bool:
    """Whether a variable can be assigned again by its name."""
    return not name.startswith("#") and "." not in name


class OverrideWeave(LiveWeave):
    """An override without side patterns.

    A local is assigned again, before anyone sees the first value::

        x = compute()
        if .p is not None:
            if .p.live:
                x = .p.value        # or .p.emit(a, b), with the captures of the handler

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
        return frozenset[str]()

    def is_ranked(self, name: str) -> bool:
        """Whether it takes a comparison to tell if the override or the function's own wins."""
        return self.plan.ranked or self.base(name) >= USUAL_PRIORITY

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        if self.site.subject.decorated or name not in self.focus_names:
            return None
        return statements("X = ABSENT", X=name, ABSENT=self.put(ABSENT))

    @property
    def declared(self) -> frozenset[str]:
        """The focus variables that an undecorated function only declares."""
        if self.site.subject.decorated:
            return frozenset()
        variables = self.facts.variables
        return frozenset(
            name
            for name in self.focus_names
            if name in variables and Kind.DECLARED in variables[name].kinds
        )

    def deliver(
        self, root: ast.expr, readings: list[Reading], name: str, value: ast.expr
    ) -> list[ast.stmt]:
        assigned = self._assign(name, self.new_value(root, readings))
        if not self.plan.constant:
            assigned = noted(self.put, root, assigned)
        # A frame that was suspended, or is still running, outlives the overlay.
        made = statements("if R.live: ASSIGN", {"ASSIGN": assigned}, R=root)
        if not self.plan.is_direct:
            made.append(ast.Break())
        return made

    def _assign(self, name: str, value: ast.expr) -> list[ast.stmt]:
        """`x = …`; or `.v = …` and `x = .v` unless the overlay leaves the value alone."""
        if not self.plan.chooses:
            return statements("X = V", X=name, V=value)
        chosen = statements("C = V", C=self.name("v"), V=value)
        test = "if C is not ABSENT: X = C"
        return chosen + statements(test, C=self.name("v"), X=name, ABSENT=self.put(ABSENT))

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
        return decision(self, name, value, [self.candidate(name)])

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
        return decision(self, "#value", value, [candidate])

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
            if place[0].root.live and self._passes(incoming, place, own):
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
        entries = {entry[0]: entry for entry in self._entries(incoming, place, own)}
        if self.plan.chooses:
            assemble = assemble_raw if self.plan.raw else assemble_values
            return root.emit(assemble(tuple(entries.values())))
        chosen = tuple(entries[name] for name in self.plan.arguments or ())
        return root.emit(*assemble_arguments(chosen))

    def _entries(self, incoming: Any, place: Place, own: tuple[Any, ...]) -> Iterator[Entry]:
        """Gives each capture's name, its variable (None: the value is a pair) and value."""
        *outer, last = self.plan.specs.path
        for at, spec in enumerate(outer):
            for capture in spec.captures:
                value = place[at].values[self.plan.columns[column_key(capture)]]
                yield capture.name, capture.variable, value
        for capture in last.captures:
            if capture is last.focus:
                yield capture.name, self.name, incoming
            else:
                value = self._own(column_key(capture), incoming, own)
                yield capture.name, capture.variable, value


def _key_test(test: Test) -> Callable[[Any], bool]:
    return lenient(checker(test)) if test.variable == "#key" else checker(test)


@dataclass(frozen=True, slots=True)
class Own:
    """What overrides of a variable compete with: the value of the function itself.

    Arguments:
        variable: The variable.
        function: The function's qualified name.
        priority: The priority of the value that the code, or the object's state, gives.
    """

    variable: str
    function: str
    priority: float


def decision(
    weave: OverrideWeave, name: str, value: ast.expr, candidates: list[ast.expr]
) -> ast.expr:
    """`DECIDE(value, ((CHOOSER, .ms, (own values)), …), OWN)`."""
    own = Own(name, weave.facts.qualname, weave.base(name))
    return expression(
        "F(V, C, OWN)",
        F=weave.put(decide),
        V=value,
        C=ast.Tuple(candidates, ast.Load()),
        OWN=weave.put(own),
    )


def decide(incoming: Any, candidates: tuple[Candidate, ...], own: Own) -> Any:
    """Gives the value that a variable gets: of the override that wins, or the incoming one.

    The highest priority wins; of equals, the inner overlay's, and of one overlay's the
    later entry. The functions of the losers are not called, except those that may leave
    the value as it is: these are probes, whose streams miss no event.

    Raises:
        ConflictError: An override has the very priority of the function's own value.
    """
    chosen: Any = ABSENT
    proposals = [chooser.propose(incoming, places, held) for chooser, places, held in candidates]
    for root, compute in sorted(filter(None, proposals), key=_rank, reverse=True):
        if root.priority < own.priority:
            break
        if root.priority == own.priority and chosen is ABSENT:
            places = ("the function itself", f"the overlay of `{root.slot.plan.specs.selector}`")
            raise ConflictError(own.variable, own.function, places)
        if chosen is ABSENT or root.slot.plan.chooses:
            value = computed(compute, root)
            chosen = value if chosen is ABSENT else chosen
    return incoming if chosen is ABSENT else chosen


def computed(compute: Callable[[], Any], root: Root) -> Any:
    """Gives what an override's function returns; its exceptions tell the selector."""
    try:
        return compute()
    except BaseException as error:
        note_selector(error, root)
        raise


def _rank(proposal: Proposal) -> tuple[float, int]:
    return proposal[0].priority, proposal[0].serial


class Arbitration(Weave):
    """Decides between several overrides of the same local (`x = DECIDE(x, (…, …))`)."""

    changes = True

    def __init__(self, rivals: list[OverrideWeave], put: Callable[[object], ast.Constant]) -> None:
        self.put = put
        self.rivals = rivals
        names = [name for rival in rivals for name in rival.focus_names if is_plain_name(name)]
        ranked = {name for rival in rivals for name in names if rival.is_ranked(name)}
        self.contested = frozenset(n for n in names if names.count(n) > 1 or n in ranked)
        for rival in rivals:
            rival.contested = self.contested

    def wants(self, name: str) -> bool:
        return name in self.contested

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        return statements("X = V", X=name, V=self._decision(name, value))

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        return ast.NamedExpr(ast.Name(name, ast.Store()), self._decision(name, value))

    def _decision(self, name: str, value: ast.expr) -> ast.expr:
        rivals = [rival for rival in self.rivals if name in rival.focus_names]
        return decision(rivals[0], name, value, [rival.candidate(name) for rival in rivals])


class Settled(Weaves):
    """The other weaves of an undecorated function, where an override may set a declaration.

    Where none does, `x: T` leaves `x` without a value, as in plain Python::

        if x is ABSENT: del x
        else: …
    """

    def __init__(
        self, parts: list[Weave], names: frozenset[str], put: Callable[[object], ast.Constant]
    ) -> None:
        super().__init__(parts)
        self.names = names
        self.put = put

    def wants(self, name: str) -> bool:
        return name in self.names or super().wants(name)

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        taps = super().tap(name, value)
        if name not in self.names:
            return taps
        text = "if X is ABSENT:\n    del X\nelse: TAPS"
        return statements(text, {"TAPS": taps or [ast.Pass()]}, X=name, ABSENT=self.put(ABSENT))


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
    column = site.columns.get(name)
    if column is not None:
        # A filter on the focus's own variable tests the value that comes in.
        node.values[column] = (_deliver.tick(), incoming, name)
    for place in _deliver.places(node.parent, node, site):
        placed = [*(p for p in place if isinstance(p, Node)), node]
        event = live_event(site, placed, name, incoming)
        if event is not None:
            if site.plan.constant:
                return node.root.value
            value = computed(partial(_called, event, site.plan, node.root), node.root)
            return incoming if value is ABSENT else value
    return incoming


def _called(event: dict[str, Captured], plan: Plan, root: Root) -> Any:
    if plan.chooses:
        return root.emit(event if plan.raw else values_of(event))
    return root.emit(*(event[name].value for name in plan.arguments or ()))
