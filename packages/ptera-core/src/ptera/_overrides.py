"""The code that changes values: the new one is put where the focus is bound."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Set
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
from ._weaves import NodeWeave, SlotWeave
from .rewrite import Weave, Weaves

__all__ = ["Arbitration", "OverrideWeave", "Rival", "Settled", "SideOverrideWeave"]


USUAL_PRIORITY = 2


def is_plain_name(name: str) -> bool:
    """Whether a variable can be assigned again by its name."""
    return not name.startswith("#") and "." not in name


class Rival(SlotWeave):
    """What all overrides share: they may want the same variable, and then one decides.

    Where the value is replaced by a call, `DECIDE(value, (CANDIDATE, …), OWN)` is written
    by the override itself, or by `Arbitration` for all that want it (`contested`).
    """

    changes = True
    contested: Set[str] = frozenset()
    contested_elements: Set[str] = frozenset()

    @property
    def wanted(self) -> frozenset[str]:
        """The variables and points of the function that it wants to change."""
        return self.site.focus_names

    @property
    def wanted_elements(self) -> frozenset[str]:
        """The names of the elements that it wants to change."""
        return frozenset(n for n, site in self.elements.items() if site.focus_names)

    @property
    def declared(self) -> frozenset[str]:
        """The focus variables that an undecorated function only declares."""
        if self.site.subject.decorated:
            return frozenset()
        variables = self.facts.variables
        return frozenset(
            name
            for name in self.wanted
            if name in variables and Kind.DECLARED in variables[name].kinds
        )

    def is_ranked(self, name: str) -> bool:
        """Whether it takes a comparison to tell if the override or the function's own wins."""
        return self.plan.ranked or self.base(name) >= USUAL_PRIORITY

    def candidate(self, name: str) -> ast.expr:
        """Gives what `decide` needs to know of this override at a binding of `name`."""
        raise NotImplementedError

    def element_candidate(self, name: str, key: ast.expr) -> ast.expr:
        """The same at `name[key] = v`."""
        raise NotImplementedError

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        if self.site.subject.decorated or name not in self.wanted:
            return None
        return statements("X = ABSENT", X=name, ABSENT=self.put(ABSENT))

    def replaces(self, name: str) -> bool:
        return name in self.wanted and name not in self.contested

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return decision([self], name, value)

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        if name not in self.wanted_elements or name in self.contested_elements:
            return None
        return element_decision([self], name, key, value)


class OverrideWeave(Rival, LiveWeave):
    """An override without side patterns.

    A local is assigned again, before anyone sees the first value::

        x = compute()
        if .p is not None:
            if .p.live:
                x = .p.value        # or .p.emit(a, b), with the captures of the handler

    Attributes, elements and points have their value replaced by a call before they get
    it. So has a local that two overlays want to change (see `Arbitration`).
    """

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
        if name not in self._assigned(name):
            return shadows
        assigned = ast.NamedExpr(ast.Name(name, ast.Store()), self.replace(name, value))
        return ast.Tuple([shadows, assigned], ast.Load())

    def replaces(self, name: str) -> bool:
        return super().replaces(name) and not is_plain_name(name)

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

    def element_candidate(self, name: str, key: ast.expr) -> ast.expr:
        number = list(self.elements).index(name)
        places = self.parent if self.plan.is_direct else self.name("m", f"e{number}")
        chooser = Chooser(self.plan, "#value", ("#key",))
        return expression("(C, M, (K,))", C=self.put(chooser), M=places, K=key)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        return []


Places = tuple[Place, ...] | Node | Root | None
Candidate = tuple["Chooser | SideChooser", Places, tuple[Any, ...]]
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


def decision(rivals: list[Rival], name: str, value: ast.expr) -> ast.expr:
    """`DECIDE(value, ((CHOOSER, .ms, (own values)), …), OWN)`."""
    return _decided(rivals, name, value, [rival.candidate(name) for rival in rivals])


def element_decision(rivals: list[Rival], name: str, key: ast.expr, value: ast.expr) -> ast.expr:
    """The same for the value of `name[key] = v`."""
    return _decided(rivals, name, value, [each.element_candidate(name, key) for each in rivals])


def _decided(
    rivals: list[Rival], name: str, value: ast.expr, candidates: list[ast.expr]
) -> ast.expr:
    first = rivals[0]
    own = Own(name, first.facts.qualname, first.base(name))
    return expression(
        "F(V, C, OWN)",
        F=first.put(decide),
        V=value,
        C=ast.Tuple(candidates, ast.Load()),
        OWN=first.put(own),
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
    """Decides where several overrides want one value (`x = DECIDE(x, (…, …), OWN)`).

    Arguments:
        rivals: All overrides of the function; they leave to it what is contested.
        put: Gives the expression that stands for an object.
    """

    changes = True

    def __init__(self, rivals: list[Rival], put: Callable[[object], ast.Constant]) -> None:
        self.put = put
        self.rivals = rivals
        wanted = Counter(name for rival in rivals for name in rival.wanted)
        elements = Counter(name for rival in rivals for name in rival.wanted_elements)
        ranked = {name for rival in rivals for name in rival.wanted if rival.is_ranked(name)}
        self.contested = {name for name, count in wanted.items() if count > 1} | ranked
        self.elements = {name for name, count in elements.items() if count > 1}
        for rival in rivals:
            rival.contested = self.contested
            rival.contested_elements = self.elements

    def wants(self, name: str) -> bool:
        return name in self.contested

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        if not is_plain_name(name):
            return []
        return statements("X = V", X=name, V=self.replace(name, value))

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        if not is_plain_name(name):
            return ast.Constant(None)
        return ast.NamedExpr(ast.Name(name, ast.Store()), self.replace(name, value))

    def replaces(self, name: str) -> bool:
        return name in self.contested and not is_plain_name(name)

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return decision([rival for rival in self.rivals if name in rival.wanted], name, value)

    def wants_element(self, name: str) -> bool:
        return name in self.elements

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        rivals = [rival for rival in self.rivals if name in rival.wanted_elements]
        return element_decision(rivals, name, key, value)


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


class SideOverrideWeave(Rival, NodeWeave):
    """An override whose selector has side patterns: matched over what is recorded."""

    def wants(self, name: str) -> bool:
        return bool(self.site.stored_in(name)) or name in self.wanted

    def listener(self, site: Site) -> object:
        return _ignore

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        made = super().declare(name, annotation) or []
        if self.replaces(name):
            made += statements("X = V", X=name, V=self.replace(name, load(name)))
        return made or None

    def candidate(self, name: str) -> ast.expr:
        chooser = self.put(SideChooser(self.site, name))
        return expression("(C, N, ())", C=chooser, N=self.node)

    def element_candidate(self, name: str, key: ast.expr) -> ast.expr:
        chooser = self.put(SideChooser(self.elements[name], "#value"))
        return expression("(C, N, (K,))", C=chooser, N=self.node, K=key)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        function, site = self.put(_deliver.element_node), self.put(self.elements[name])
        return statements(
            "if N is not None: F(N, SITE, K, V)", N=self.node, F=function, SITE=site, K=key, V=value
        )


def _ignore(*_: object) -> None:
    """Stands where a live rule would deliver: the override has acted already."""


class SideChooser:
    """Tells what an override with side patterns wants at a binding.

    Arguments:
        site: What its plan does in the function, or at the function's elements.
        name: The variable that is bound.
    """

    __slots__ = ("name", "site")

    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        self.name = name

    def propose(self, incoming: Any, here: Places, own: tuple[Any, ...]) -> Proposal | None:
        """Gives the overlay's root and the function that computes its value, or None."""
        if not isinstance(here, Node) or not here.root.live:
            return None
        node = self._element(here, own[0]) if self.site.is_element else here
        column = self.site.columns.get(self.name)
        if column is not None:
            # A filter on the focus's own variable tests the value that comes in.
            node.values[column] = (_deliver.tick(), incoming, self.name)
        for place in _deliver.places(node.parent, node, self.site):
            placed = [*(p for p in place if isinstance(p, Node)), node]
            event = live_event(self.site, placed, self.name, incoming)
            if event is not None:
                return here.root, partial(self._value, event, here.root)
        return None

    def _element(self, parent: Node, key: Any) -> Node:
        """Gives a record of the element that nobody sees: it is not stored yet."""
        node = Node(parent, self.site, self.site.fresh())
        if self.site.key_column >= 0:
            self.site.put(node, self.site.key_column, key)
        return node

    def _value(self, event: dict[str, Captured], root: Root) -> Any:
        plan = self.site.plan
        if plan.constant:
            return root.value
        if plan.chooses:
            return root.emit(event if plan.raw else values_of(event))
        return root.emit(*(event[name].value for name in plan.arguments or ()))
