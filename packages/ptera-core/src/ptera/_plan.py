"""What a selector asks of each function: decided once, before anything runs."""

import contextvars
import enum
import itertools
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ptera_selector import Capture, Relation, Role

from ._deliver import (
    ABSENT,
    Captured,
    Node,
    Root,
    begin_element,
    current,
    note_selector,
    places,
    tick,
)
from ._match import complete_events, live_event, simple_events, values_of
from ._specs import Spec, Specs, Test
from ._subject import Subject
from ._values import same

__all__ = ["Mode", "Plan", "Site", "Slot", "checker"]


class Mode(enum.Enum):
    """When the events of a rule are delivered, and what they can do."""

    LIVE = "live"
    COMPLETE = "complete"
    OVERRIDE = "override"


def checker(test: Test) -> Callable[[Any], bool]:
    """Gives the function that tells whether a value passes a filter."""
    predicate, reference, value = test.predicate, test.same, test.value
    if predicate is not None:
        return predicate  # type: ignore[return-value]  # its answer is taken as a truth value
    if reference is not None:
        return lambda found: found is reference()
    return lambda found: same(found, value)


@dataclass(slots=True, eq=False)
class Plan:
    """One selector in one mode, resolved: the same for all overlays that ask for it.

    Arguments:
        specs: The selector's call patterns.
        mode: What its events are for.
        raw: Whether live events hold `Captured` objects.
        arguments: The captures that a handler takes by position; None: it takes a dict.
        constant: Whether an override is a constant of the overlay.
        within: The undecorated functions that `*` may match, beside those named.
        process: Whether its overlays hold for the whole process.
        chooses: Whether an override takes a dict, and may leave the value as it is.
        ends: Whether bindings of the target are events too.
        ranked: Whether an override has another priority than the usual one.
    """

    specs: Specs
    mode: Mode
    raw: bool = False
    arguments: tuple[str, ...] | None = None
    constant: bool = False
    within: tuple["weakref.ref[FunctionType]", ...] = ()
    within_codes: tuple[Any, ...] = ()
    process: bool = False
    chooses: bool = False
    ends: bool = False
    ranked: bool = False
    slots: list["Slot"] = field(default_factory=list["Slot"])
    columns: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        """Numbers the columns: the same in all functions, so that code can name them."""
        for spec in self.specs.all:
            for key in self.kept_in(spec):
                self.columns.setdefault(key, len(self.columns))

    def kept_in(self, spec: Spec) -> Iterator[str]:
        """Gives what a pattern reads from records: variables, and `$x` under its own name."""
        if not self.keeps_order and not self.keeps_all and spec is self.specs.path[-1]:
            return
        for test in spec.tests:
            yield test.variable
        for capture in spec.captures:
            if self.keeps_focus or capture is not spec.focus:
                yield column_key(capture)

    @property
    def is_simple(self) -> bool:
        """Whether one activation alone decides its events: no record is kept of any other."""
        return (
            len(self.specs.all) == 1
            and not self.specs.needs_neighbours
            and not (self.keeps_all and _may_be_element(self.specs.all[0]))
        )

    @property
    def is_direct(self) -> bool:
        """Whether a live focus has no pattern above it to be placed."""
        return len(self.specs.path) == 1 and not self.specs.selector.outermost

    @property
    def keeps_all(self) -> bool:
        """Whether all bindings are kept, not the latest alone."""
        return self.mode is Mode.COMPLETE

    @property
    def keeps_focus(self) -> bool:
        """Whether bindings of the focus are kept: an event follows later."""
        return self.keeps_all or self.ends

    @property
    def keeps_order(self) -> bool:
        """Whether bindings must be numbered: values of several activations are pooled.

        A selector with two ends is matched the same way.
        """
        return self.specs.has_sides or self.ends or (self.keeps_all and not self.is_simple)

    def reads_of(self, spec: Spec) -> Iterator["Column"]:
        """Gives the captures of a pattern above the focus's, each with its column."""
        for capture in spec.captures:
            key = column_key(capture)
            if key in self.columns and capture is not spec.focus:
                yield capture, self.columns[key], capture.variable is None

    @property
    def concerns_nested(self) -> bool:
        """Whether functions defined inside others may be meant: by name, or by `/module/*`."""
        return any(
            spec.meant is not None and (spec.meant.decorated is not None or spec.meant.nested)
            for spec in self.specs.all
        )

    def is_visible(self, subject: Subject) -> bool:
        """Tells whether activations of a function count for nesting, and fit `*`."""
        return (
            subject.decorated
            or any(code is subject.code for code in self.within_codes)
            or any(spec.meant is not None and subject.is_named(spec) for spec in self.specs.all)
        )

    def fits(self, subject: Subject) -> tuple[bool, ...]:
        """Tells for each call pattern whether the function can fit it."""
        return tuple(subject.fits(spec, self.specs) for spec in self.specs.all)

    def element_specs(self, subject: Subject) -> dict[str, tuple[bool, ...]]:
        """Gives the names of elements of the function that patterns fit, and which do."""
        found: dict[str, tuple[bool, ...]] = {}
        for name in subject.facts.elements:
            fits = tuple(_fits_element(spec, name) for spec in self.specs.all)
            if any(fits):
                found[name] = fits
        return found


def _may_be_element(spec: Spec) -> bool:
    """Whether a pattern can fit an element: it has no variables but a key and a value."""
    return spec.element_name is not None and _fits_element(spec, spec.element_name)


def _fits_element(spec: Spec, name: str) -> bool:
    return (
        spec.element_name == name
        and all(variable in ("#key", "#value") for variable in spec.variables())
        and not any(v.variable is None for v in spec.call.variables)
    )


def column_key(capture: Capture) -> str:
    """Gives the name of the column that a capture reads."""
    return capture.variable if capture.variable is not None else "$" + capture.name


Column = tuple[Capture, int, bool]


class Site:
    """What a plan does in one function: the columns it keeps, and the patterns that fit.

    Arguments:
        plan: The plan.
        slot: The place of the running overlay.
        subject: The function; for elements, the function that binds them.
        fits: For each call pattern, whether the function can fit it.
        name: The name under which calls are counted.
        is_element: Whether it stands for elements `h[k] = v`.
        is_hook: Whether the plan only needs the functions that are defined inside.
    """

    __slots__ = (
        "attaches", "columns", "completes", "fits", "is_element", "is_hook", "key_column",
        "keyed", "name", "plan", "reads", "slot", "subject", "tests",
        "outer_child", "value_column", "variable", "width",
    )  # fmt: skip

    def __init__(
        self,
        slot: "Slot",
        subject: Subject,
        fits: tuple[bool, ...],
        name: str,
        is_element: bool,
        is_hook: bool = False,
    ) -> None:
        plan = slot.plan
        self.plan = plan
        self.slot = slot
        self.subject = subject
        self.fits = fits
        self.name = name
        self.is_element = is_element
        self.is_hook = is_hook
        self.variable = slot.variable
        self.keyed = plan.specs.counts_calls and not is_element
        self.attaches = plan.keeps_order
        self.completes = plan.keeps_all and not is_hook and fits[0]
        self.columns: dict[str, int] = {}
        self.tests: list[list[tuple[Callable[[Any], bool], int]]] = []
        self.reads: list[list[Column]] = []
        for spec, fitting in zip(plan.specs.all, fits, strict=not is_hook):
            self._lay_out(spec, fitting)
        self.key_column = self.columns.get("#key", -1)
        self.value_column = self.columns.get("#value", -1) if is_element else -1
        self.width = len(plan.columns)
        path, outermost = plan.specs.path, plan.specs.selector.outermost
        alone = len(path) == 2 and path[1].relation is Relation.CHILD and not outermost
        self.outer_child = 0 if alone else -1

    def _lay_out(self, spec: Spec, fitting: bool) -> None:
        kept = set[str](self.plan.kept_in(spec)) if fitting else set[str]()
        self.columns.update({key: self.plan.columns[key] for key in kept})
        self.tests.append(
            [(checker(test), self.plan.columns[test.variable]) for test in spec.tests if kept]
        )
        self.reads.append(
            [
                (capture, self.plan.columns[column_key(capture)], capture.variable is None)
                for capture in spec.captures
                if column_key(capture) in kept
                and (self.plan.keeps_focus or capture is not spec.focus)
            ]
        )

    def fresh(self) -> list[Any]:
        """Gives the columns of an activation that begins."""
        if self.plan.keeps_all:
            return [[] for _ in range(self.width)]
        return [ABSENT] * self.width

    def put(self, node: Node, column: int, value: object) -> None:
        """Keeps a key, or the value of an element, as a binding of its variable."""
        name = "#key" if column == self.key_column else "#value"
        binding = (tick(), value, name) if self.plan.keeps_order else value
        if self.plan.keeps_all:
            node.values[column].append(binding)
        else:
            node.values[column] = binding

    def stored_in(self, variable: str) -> list[tuple[int, bool]]:
        """Gives the columns that a binding of `variable` goes to, and which hold its name too."""
        found = {self.columns[variable]: False} if variable in self.columns else {}
        for reads in self.reads:
            for capture, column, generic in reads:
                if generic and variable in self.generic_names(capture):
                    found[column] = True
        return list(found.items())

    @property
    def generic_reads(self) -> list[Column]:
        """The captures `$x` of patterns that fit, each with its column."""
        return [read for reads in self.reads for read in reads if read[2]]

    def generic_names(self, capture: Capture) -> frozenset[str]:
        """Gives the variables of the function that `$x` stands for."""
        variables = self.subject.generic_variables(capture.category, self.plan.specs.categories)
        return frozenset(variable.name for variable in variables)

    @property
    def focus_names(self) -> frozenset[str]:
        """The variables of this function whose bindings are the focus."""
        return self._names_of(self.plan.specs.path[-1].focus)

    @property
    def event_names(self) -> frozenset[str]:
        """The same, and those whose bindings are the end of what begins at the focus."""
        if not self.plan.ends:
            return self.focus_names
        captures = self.plan.specs.path[-1].captures
        target = next((c for c in captures if c.role is Role.TARGET), None)
        return self.focus_names | self._names_of(target)

    def _names_of(self, capture: Capture | None) -> frozenset[str]:
        """Gives the variables of this function that a capture of the last pattern means."""
        if capture is None or not self.fits[self.plan.specs.path[-1].index]:
            return frozenset()
        if capture.variable is None:
            return self.generic_names(capture)
        return frozenset({capture.variable})

    @property
    def fits_outer(self) -> bool:
        """Whether the function can stand for a pattern above the focus's."""
        return any(self.fits[spec.index] for spec in self.plan.specs.path[:-1])

    def tested(self, spec: Spec, node: Node) -> Iterator[tuple[Callable[[Any], bool], Any]]:
        """Gives each filter of a pattern with the bindings that it tests."""
        for test, column in self.tests[spec.index]:
            yield test, node.values[column]

    def read(self, spec: Spec, node: Node) -> Iterator[tuple[str, Any]]:
        """Gives each capture of a pattern with the bindings that it reads."""
        for capture, column, _ in self.reads[spec.index]:
            yield capture.name, node.values[column]

    def listen(self, node: Node, value: object, name: str) -> None:
        """Delivers the events of one binding of a live focus, with side patterns."""
        for place in places(node.parent, node, self):
            placed = [*(p for p in place if isinstance(p, Node)), node]
            self._announce(node, placed, name, value)

    def listen_element(self, parent: Node, key: object, value: object) -> None:
        """The same for `h[k] = v`: the key is bound, then the value."""
        node = begin_element(parent, self, key)
        self._listen_at(parent, node, "#key", key)
        if self.value_column >= 0:
            self.put(node, self.value_column, value)
        self._listen_at(parent, node, "#value", value)

    def _listen_at(self, parent: Node, node: Node, name: str, value: object) -> None:
        if name in self.event_names:
            for place in places(parent, None, self):
                placed = [*(p for p in place if isinstance(p, Node)), node]
                self._announce(node, placed, name, value)

    def _announce(self, node: Node, placed: list[Node], name: str, value: object) -> None:
        event = live_event(self, placed, name, value)
        if event is None or not self.plan.ends:
            self.announce(node.root, event)
        elif node.root.live:
            handed = event if self.plan.raw else values_of(event)
            ids = [id(each) for each in placed]
            place = tuple(ids) if len(ids) > 1 else ids[0]
            node.root.emit(handed, place, name not in self.focus_names)

    def announce(self, root: Root, event: dict[str, Captured] | None) -> None:
        """Hands a live event to the rule's handler, in the form that it takes."""
        if event is None or not root.live:
            return
        if self.plan.arguments is not None:
            root.emit(*(event[name].value for name in self.plan.arguments))
        else:
            root.emit(event if self.plan.raw else values_of(event))

    def complete(self, node: Node) -> None:
        """Delivers the events of an activation of the outermost pattern that has ended."""
        failed = node.error and not self.plan.specs.wants_errors
        self._deliver(node.root, () if failed else complete_events(self.plan.specs, node))

    def finish(self, root: Root, values: list[list[Any]], error: bool) -> None:
        """The same where the plan has one pattern and its columns were locals."""
        if root.live:
            failed = error and not self.plan.specs.wants_errors
            self._deliver(root, () if failed else simple_events(self, values))

    def _deliver(self, root: Root, events: Iterable[dict[str, Captured]]) -> None:
        emit = root.emit
        try:
            for event in events:
                emit(event)
        except BaseException as error:
            note_selector(error, root)
            raise
        if root.closing is not None:
            root.closing(self.subject)


_serials = itertools.count()


class Slot:
    """The place of one running overlay per context: what generated code refers to.

    A plan has one slot, and more only where overlays with the same selector are nested.

    Arguments:
        plan: The plan that its code belongs to.
    """

    __slots__ = (
        "__weakref__", "_sites", "alone", "nested", "plan", "refused", "root", "serial",
        "serials", "ready", "strays", "tapped", "targets", "users", "variable",
    )  # fmt: skip

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.serial = next(_serials)
        # What a function is installed with that no other slot has taps in.
        self.alone = (self,)
        self.serials = (self.serial,)
        self.variable: contextvars.ContextVar[Root | Node | None] = contextvars.ContextVar(
            f"ptera.{self.serial}"
        )
        self.root: Root | None = None
        self.users = 0
        self.targets: tuple[int, list[weakref.ref[FunctionType]]] | None = None
        # What was tapped when it was last in use, for that version of the registry.
        self.ready: tuple[int, list[tuple[weakref.ref[FunctionType], Any]]] | None = None
        self.refused: dict[str, str] = {}
        self.strays: set[bool] = set()
        self.nested: weakref.WeakKeyDictionary[Subject, frozenset[Any]] = (
            weakref.WeakKeyDictionary()
        )
        self.tapped: list[tuple[weakref.ref[FunctionType], Any]] = []
        self._sites: weakref.WeakKeyDictionary[Subject, Site | None] = weakref.WeakKeyDictionary()

    def site(self, subject: Subject) -> Site | None:
        """Gives what the plan does in a function, or None if it leaves it alone."""
        if subject not in self._sites:
            self._sites[subject] = self._new_site(subject)
        return self._sites[subject]

    def _new_site(self, subject: Subject) -> Site | None:
        plan = self.plan
        if not plan.is_visible(subject):
            return None
        fits = plan.fits(subject)
        if any(fits) or plan.specs.needs_neighbours or plan.element_specs(subject):
            return Site(self, subject, fits, subject.counted_name, is_element=False)
        return None

    def element_sites(self, subject: Subject) -> dict[str, Site]:
        """Gives the sites of the function's elements that patterns fit."""
        return {
            name: Site(self, subject, fits, name, is_element=True)
            for name, fits in self.plan.element_specs(subject).items()
        }

    @property
    def found(self) -> Root | Node | None:
        """What stands above an activation that begins here and now."""
        if self.plan.process and not self.plan.is_simple:
            return current(self)
        return self.variable.get(self.root)

    @property
    def noted(self) -> Root | Node | None:
        """The same; it is noted where the overlay does not hold."""
        above = self.variable.get(None)
        if above is None:
            self.strays.add(True)
        return above

    @property
    def functions(self) -> list[FunctionType]:
        """The functions that its taps are in now."""
        return [f for reference, _ in self.tapped if (f := reference()) is not None]

    @property
    def is_free(self) -> bool:
        """Whether no overlay of this context (or process) is in it."""
        if self.plan.process:
            return self.root is None
        here = self.variable.get(None)
        return here is None or not here.root.live
