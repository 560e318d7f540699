"""Overlays: sets of rules that are active for a call, a block, a context or the process."""

import contextvars
import itertools
import os
import sys
import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, TracebackType
from typing import Any, TypeVar

from ptera_selector import Selector, captures, parse

from . import _patch
from ._check import check_focus, check_names
from ._deliver import Node, Root
from ._handlers import arguments_of, can_reach_functions, is_positional
from ._originals import original_code
from ._plan import Mode, Plan, Slot
from ._plugins import plugin_for
from ._resolve import NOTHING, Scope, caller_scope, within_functions
from ._specs import Specs, specs_of
from ._subject import Subject

__all__ = ["Active", "Overlay", "Rule", "guarded"]

Value = TypeVar("Value")
# Three mappings: the type of a mapping's keys is invariant, and `{"f > x": 1}` is a plain dict.
BySelector = Mapping[str, Value] | Mapping[Selector, Value] | Mapping[str | Selector, Value]

_serials = itertools.count(1)
_KEPT_PLANS = 256
# Code that this has compiled does not notice all taps: its plugin must know of overlays.
_COMPILER = "torch._dynamo"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One selector, and what is done with its events.

    Arguments:
        selector: The selector.
        scope: Where its names are found.
        mode: When events are delivered; `Mode.OVERRIDE` changes the focus.
        emit: Called with each event: a dict from capture names to values (live), or to
            `Captured` (complete, raw), or by position if `arguments` says so. For an
            override, gives the new value.
        raw: Whether live events hold `Captured` objects.
        arguments: The captures that `emit` takes, by position.
        value: For an override, the constant new value instead of `emit`.
        priority: Of an override, against other candidates for the variable's value.
        closing: In complete mode, called with the function's definition each time an
            activation of the outermost pattern has ended and its events are delivered.
        chooses: For an override, whether `emit` is called with a dict, and may return
            `ABSENT` to leave the value as it is.
        ends: In live mode, whether bindings of the target are events too. `emit` is then
            called with the dict, what tells activations apart, and whether it is an end.
    """

    selector: Selector
    scope: Scope
    mode: Mode
    emit: Callable[..., object] | None = None
    raw: bool = False
    arguments: tuple[str, ...] | None = None
    value: object = NOTHING
    priority: float = 2
    closing: Callable[[Subject], None] | None = None
    chooses: bool = False
    ends: bool = False


class Overlay:
    """A set of rules that can be activated: for a block, or for the whole process.

    Arguments:
        rules: The rules; of two that change one variable, the later wins.

    Raises:
        UnknownFunctionError: A selector names a function that is nowhere to be found.
        UnknownVariableError: The functions of that name have no such variable.
        OverrideError: A focus cannot be changed.

    Examples:
        >>> def area(width):
        ...     height = 2
        ...     return width * height
        >>> with Overlay.tweak({"area > height": 10}):
        ...     area(3)
        30
        >>> area(3)
        6
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._prepared = [prepare(rule) for rule in self.rules]
        self._process: Active | None = None

    @classmethod
    def tweak(
        cls,
        values: BySelector[object],
        *,
        env: Mapping[str, object] | None = None,
        within: object = None,
        priority: float = 2,
    ) -> "Overlay":
        """Gives the overlay that sets the focus of each selector to a constant."""
        scope = caller_scope(env, within)
        return cls(tweak_rules(values, scope, priority))

    @classmethod
    def rewrite(
        cls,
        functions: BySelector[Callable[..., object]],
        *,
        env: Mapping[str, object] | None = None,
        within: object = None,
        priority: float = 2,
    ) -> "Overlay":
        """Gives the overlay that computes the focus of each selector from its captures."""
        scope = caller_scope(env, within)
        return cls(rewrite_rules(functions, scope, priority))

    def activate(self, process: bool = False) -> "Active":
        """Makes the rules active until `close` is called on what is returned."""
        return Active(self._prepared, process)

    def __enter__(self) -> "Overlay":
        active = self.activate()
        _entered.set(((self, active), *_entered.get()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entered = _entered.get()
        for at, (overlay, active) in enumerate(entered):
            if overlay is self:
                _entered.set(entered[:at] + entered[at + 1 :])
                active.close()
                return

    def start(self) -> "Overlay":
        """Makes the rules active in the whole process: all threads, tasks and contexts."""
        if self._process is None:
            self._process = self.activate(process=True)
        return self

    def stop(self) -> None:
        """Ends what `start` began."""
        if self._process is not None:
            self._process.close()
            self._process = None


_entered: contextvars.ContextVar[tuple[tuple[Overlay, "Active"], ...]] = contextvars.ContextVar(
    "ptera.entered", default=()
)


def tweak_rules(values: BySelector[object], scope: Scope, priority: float = 2) -> list[Rule]:
    """Gives the rules that set the focus of each selector to a constant."""
    return [
        Rule(selector_of(text), scope, Mode.OVERRIDE, value=value, priority=priority)
        for text, value in values.items()
    ]


def rewrite_rules(
    functions: BySelector[Callable[..., object]], scope: Scope, priority: float = 2
) -> list[Rule]:
    """Gives the rules that compute the focus of each selector from its captures."""
    return [
        Rule(selector_of(text), scope, Mode.OVERRIDE, function, priority=priority)
        for text, function in functions.items()
    ]


def selector_of(selector: str | Selector) -> Selector:
    """Parses a selector, unless it is one already."""
    return parse(selector) if isinstance(selector, str) else selector


class Plans:
    """The plans of a resolved rule: for a context, and for the whole process."""

    __slots__ = ("_arguments", "_process_plan", "_rule", "_specs", "_within", "are_off", "context")

    def __init__(
        self, rule: Rule, arguments: tuple[str, ...] | None, like: "Plans | None" = None
    ) -> None:
        # Here and not where they are activated: each call of an object does that.
        self.are_off = os.environ.get("PTERA_DISABLE") == "1"
        self._rule = rule
        self._arguments = arguments
        self._specs: Specs = specs_of(rule.selector, rule.scope) if like is None else like._specs
        self._within: list[FunctionType] = _within(rule.scope) if like is None else like._within
        self.context = self._plan(process=False)
        self._process_plan: Plan | None = None

    def _plan(self, process: bool) -> Plan:
        return _plan(self._rule, self._specs, self._within, self._arguments, process)

    @property
    def process(self) -> Plan:
        """The plan for an overlay of the whole process, made when there is one."""
        if self._process_plan is None:
            self._process_plan = self._plan(process=True)
        return self._process_plan


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A rule resolved and checked, ready to be activated many times.

    Arguments:
        rule: The rule.
        plans: Its plans.
        emit: What takes its events; may be replaced for one activation.
        guarded: Whether that may call functions of the program.
    """

    rule: Rule
    plans: Plans
    emit: Callable[..., object]
    guarded: bool


def prepare(rule: Rule, like: Prepared | None = None) -> Prepared:
    """Resolves and checks a rule, and finds its plans among those already made.

    Arguments:
        rule: The rule.
        like: One of the same selector and scope, whose names have just been resolved.
    """
    emit, arguments = _calling(rule)
    guarded = emit is not _no_emit and can_reach_functions(emit)
    plans = Plans(rule, arguments, None if like is None else like.plans)
    return Prepared(rule, plans, emit, guarded)


def _no_emit(*_: object) -> None:
    """Stands for the handler of a rule that has a constant instead."""


def _calling(rule: Rule) -> tuple[Callable[..., object], tuple[str, ...] | None]:
    """Gives how the rule's function is called, and by which captures."""
    if rule.emit is None:
        return _no_emit, ()
    if rule.mode is not Mode.OVERRIDE or rule.arguments is not None or rule.chooses:
        return rule.emit, rule.arguments
    names = tuple(dict.fromkeys(_names(rule.selector)))
    arguments = arguments_of(rule.emit, names)
    if is_positional(rule.emit, arguments):
        return rule.emit, arguments
    return _by_keyword(rule.emit, arguments), arguments


def _names(selector: Selector) -> Iterable[str]:
    return (capture.name for capture in captures(selector))


def _by_keyword(function: Callable[..., object], names: Sequence[str]) -> Callable[..., object]:
    def call(*values: object) -> object:
        return function(**dict(zip(names, values, strict=True)))

    return call


_plans: dict[Hashable, Plan] = {}


def _plan(
    rule: Rule,
    specs: Specs,
    within: list[FunctionType],
    arguments: tuple[str, ...] | None,
    process: bool,
) -> Plan:
    """Gives the plan that this resolution of the selector had before, or a new one."""
    key = (
        rule.selector, rule.mode, rule.raw, arguments, rule.emit is None, process,
        rule.chooses, rule.ends, rule.priority == 2, specs.names, _identity(specs),
        tuple(id(original_code(f)) for f in within),
    )  # fmt: skip
    plan = _plans.get(key)
    if plan is None or not _still_means(plan, specs):
        plan = Plan(
            specs,
            rule.mode,
            rule.raw,
            arguments,
            rule.emit is None,
            tuple(weakref.ref(function) for function in within),
            tuple(original_code(function) for function in within),
            process,
            rule.chooses,
            rule.ends,
            rule.priority != 2,
        )
        check_names(plan, rule.scope)
        if rule.mode is Mode.OVERRIDE:
            check_focus(plan)
        _keep(key, plan)
    return plan


def _keep(key: Hashable, plan: Plan) -> None:
    """Keeps a plan for the next overlay with this selector; the oldest unused one goes."""
    while len(_plans) >= _KEPT_PLANS:
        oldest = _plans.pop(next(iter(_plans)))
        _patch.forget(oldest.slots)
    _plans[key] = plan


def _within(scope: Scope) -> list[FunctionType]:
    return list({id(f): f for f in within_functions(scope.within, scope)}.values())


def _identity(specs: Specs) -> Hashable:
    """Gives what tells apart two resolutions of one selector."""
    found: list[Hashable] = []
    for spec in specs.all:
        if spec.meant is not None:
            found.append((spec.meant.decorated, tuple(id(code) for code in spec.meant.codes)))
            found.append(tuple(id(reference()) for reference in spec.meant.functions))
        for test in spec.tests:
            found.append((id(test.predicate), id(test.same() if test.same else None)))
    found.extend(id(value) for value in specs.categories.values())
    return tuple(found)


def _still_means(plan: Plan, specs: Specs) -> bool:
    """Tells whether a kept plan's functions and objects are still those (not reused ids)."""
    for old, new in zip(plan.specs.all, specs.all, strict=True):
        if old.meant is not None and new.meant is not None:
            references = zip(old.meant.functions, new.meant.functions, strict=True)
            if any(a() is not b() for a, b in references):
                return False
        for first, second in zip(old.tests, new.tests, strict=True):
            if first.same is not None and second.same is not None:
                if first.same() is not second.same():
                    return False
    return True


Begin = Callable[[], Callable[[], None] | None]
_watchers: list[Begin] = []


def watch(begin: Begin) -> None:
    """Has the compiler's plugin told of overlays that begin while the compiler is loaded.

    Arguments:
        begin: Gives what is to be done when the overlay ends, or None.
    """
    _watchers.append(begin)


def _tell_watchers(endings: list[Callable[[], None]]) -> None:
    """Says that an overlay begins, and notes what is to be done when it ends."""
    plugin_for(_COMPILER.partition(".")[0])
    for begin in _watchers:
        end = begin()
        if end is not None:
            endings.append(end)


def _tell_of_end(endings: list[Callable[[], None]]) -> None:
    while endings:
        endings.pop()()


class Active:
    """Rules that are active now; `close` ends them, from whichever context.

    Arguments:
        prepared: The rules.
        process: Whether they hold for the whole process.
        placed: Whether they hold in this context; otherwise whoever asks puts the roots
            where they shall hold.
    """

    __slots__ = ("_endings", "_entries", "_placed", "_process")

    def __init__(self, prepared: Sequence[Prepared], process: bool, placed: bool = True) -> None:
        self._process = process
        self._placed = placed
        self._endings: list[Callable[[], None]] = []
        self._entries: list[tuple[Root, contextvars.Token[Root | Node | None] | None]] = []
        if prepared and prepared[0].plans.are_off:
            return
        try:
            if _COMPILER in sys.modules:
                _tell_watchers(self._endings)
            for item in prepared:
                self._enter(item)
            self._guard(prepared)
        except BaseException:
            self.close()
            raise

    def _enter(self, item: Prepared) -> None:
        plan = item.plans.process if self._process else item.plans.context
        slot = _free_slot(plan, self._entries)
        root = _tapped(item, slot, item.emit)
        token = None
        if self._process:
            slot.root = root
        elif self._placed:
            token = slot.variable.set(root)
        self._entries.append((root, token))

    def _guard(self, prepared: Sequence[Prepared]) -> None:
        """Keeps a handler's own calls out of the overlay that it serves."""
        if not any([item.guarded for item in prepared]):
            return
        variables = [root.slot.variable for root, _ in self._entries]
        for item, (root, _) in zip(prepared, self._entries, strict=True):
            if item.guarded:
                root.emit = guarded(item.emit, variables)

    @property
    def roots(self) -> list[Root]:
        """The roots of the rules, in their order."""
        return [root for root, _ in self._entries]

    def close(self) -> None:
        """Ends the rules; frames that are still running find them inert."""
        while self._entries:
            root, token = self._entries.pop()
            root.end()
            if self._process:
                root.slot.root = None
            elif token is not None:
                _reset(root.slot, token)
            _patch.release(root.slot)
        _tell_of_end(self._endings)


class ActiveAlone:
    """What `Active` is, for one rule of a context that whoever asks places.

    That is what nearly every call of an object begins with. When a step of training comes
    back to this code, it is no longer in the processor's caches, and what counts is through
    how many functions it goes: here it is few.

    Arguments:
        item: The rule.
        emit: What takes its events; nothing: what the rule says.
        reaches: Whether that may call functions of the program.

    Attributes:
        roots: Its root, in a list.
    """

    __slots__ = ("_endings", "roots")

    def __init__(
        self, item: Prepared, emit: Callable[..., object] | None = None, reaches: bool = False
    ) -> None:
        slot = _free_slot(item.plans.context, ())
        if emit is None:
            emit, reaches = item.emit, item.guarded
        if reaches:
            emit = guarded(emit, [slot.variable])
        self._endings: list[Callable[[], None]] = []
        try:
            if _COMPILER in sys.modules:
                _tell_watchers(self._endings)
            self.roots = [_tapped(item, slot, emit)]
        except BaseException:
            _tell_of_end(self._endings)
            raise

    def close(self) -> None:
        """Ends the rule."""
        [root] = self.roots
        root.end()
        _patch.release(root.slot)
        _tell_of_end(self._endings)


def _reset(slot: Slot, token: "contextvars.Token[Root | Node | None]") -> None:
    try:
        slot.variable.reset(token)
    except ValueError:
        # Another context closes it (a generator's or a task's finalisation, say): there
        # is nothing of this overlay to undo here.
        pass


def _tapped(item: Prepared, slot: Slot, emit: Callable[..., object]) -> Root:
    """Makes the taps of a rule live, and gives the root by which they can find it."""
    rule = item.rule
    _patch.acquire(slot)
    root = Root(slot, emit, rule.value, rule.priority, next(_serials))
    root.closing = rule.closing
    return root


def _free_slot(plan: Plan, entries: Sequence[tuple[Root, object]]) -> Slot:
    """Gives a slot of the plan in which nothing is here, nor is about to be placed."""
    for slot in plan.slots:
        if slot.is_free and not (entries and any(slot is taken.slot for taken, _ in entries)):
            return slot
    slot = Slot(plan)
    plan.slots.append(slot)
    return slot


def guarded(
    emit: Callable[..., object],
    variables: "Sequence[contextvars.ContextVar[Root | Node | None]]",
) -> Callable[..., object]:
    """Gives a handler whose own calls the overlays in these slots do not see."""
    if len(variables) == 1:
        (variable,) = variables

        def call_alone(*arguments: Any) -> object:
            token = variable.set(None)
            try:
                return emit(*arguments)
            finally:
                variable.reset(token)

        return call_alone

    def call(*arguments: Any) -> object:
        tokens = [(variable, variable.set(None)) for variable in variables]
        try:
            return emit(*arguments)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return call
