"""The only room that sets `__code__`: installs generated code, counts its users, restores.

A function's code holds the taps of all slots that are in use there. Any change is made
under one lock; what runs at that moment goes on with the code that it began with.
"""

import ast
import functools
import threading
import weakref
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType

from ._choice import weave_for
from ._collector import begin_holding, end_holding
from ._compile import bind_constants
from ._constants import Constants
from ._creation import Finding, find_at_creation
from ._dump import dump, dump_folder
from ._errors import SourceError
from ._originals import ByIdentity, original_code, remember_code
from ._overrides import Arbitration, Rival, Settled
from ._plan import Plan, Site, Slot
from ._registry import on_register, ptera_functions, registry_version
from ._scope import is_default
from ._shape import Shape, is_ptera, key_expression, shape_of
from ._source import nested_sources, source_of
from ._state import code_for, tree_for
from ._subject import Subject
from ._weaves import SlotWeave, Tools
from .rewrite import Weave

__all__ = ["acquire", "candidates", "release", "reshape", "site_of", "subject_of", "weaves_of"]

_lock = threading.RLock()


class Installation:
    """What is installed in one function: which slots, and what to restore.

    Arguments:
        base: The code that it has without any of them.

    Attributes:
        installed: The code that was set last. The program may set another one itself.
        slots: Which slots have taps in it.
        codes: The code for slots by their serial numbers.
    """

    __slots__ = ("base", "codes", "installed", "slots")

    def __init__(self, base: CodeType) -> None:
        self.base = base
        self.installed = base
        self.slots: tuple[Slot, ...] = ()
        self.codes: dict[tuple[int, ...], CodeType] = {}


_installations: "weakref.WeakKeyDictionary[FunctionType, Installation]" = (
    weakref.WeakKeyDictionary()
)
_active: list[Slot] = []
_subjects: tuple[ByIdentity[Subject], ByIdentity[Subject]] = (ByIdentity(), ByIdentity())
_codes: "weakref.WeakKeyDictionary[Subject, dict[tuple[Shape, tuple[int, ...]], CodeType]]" = (
    weakref.WeakKeyDictionary()
)


def subject_of(function: FunctionType, code: CodeType | None = None) -> Subject:
    """Gives the definition that a function was made from.

    Arguments:
        function: The function.
        code: For a function nested in it that does not exist yet, its code object.

    Raises:
        SourceError: Its source cannot be found, or is not what runs.
    """
    decorated = code is None and is_ptera(function)
    original = original_code(function) if code is None else code
    known = _subjects[decorated]
    subject = known.setdefault(original, lambda: Subject(source_of(original), function, decorated))
    subject.keep_to(function)
    return subject


def acquire(slot: Slot) -> None:
    """Makes the slot's taps live in every function that its plan needs.

    Raises:
        SourceError: A function that the selector names cannot be rewritten; nothing is
            left installed.
    """
    with _lock:
        slot.users += 1
        if slot.users > 1:
            return
        if not _active:
            begin_holding()
        _active.append(slot)
        version = registry_version()
        ready = slot.ready
        try:
            if ready is not None and ready[0] == version:
                _tap_again(slot, ready[1])
                return
            for function in _targets(slot):
                _try_to_add(function, slot)
            slot.ready = version, list(slot.tapped)
        except BaseException:
            release(slot)
            raise


def _tap_again(slot: Slot, ready: "list[tuple[weakref.ref[FunctionType], Installation]]") -> None:
    """Taps the functions that were tapped before, with the code that was made then.

    An object to which something is attached does this in each call: where nobody else has
    taps, it is a matter of two assignments.
    """
    alone, serials = slot.alone, slot.serials
    tapped = slot.tapped
    for entry in ready:
        reference, installation = entry
        function = reference()
        if function is None:
            continue
        code = None if installation.slots else installation.codes.get(serials)
        if code is None or function.__code__ is not installation.base:
            _try_to_add(function, slot)
            continue
        function.__code__ = installation.installed = code
        installation.slots = alone
        tapped.append(entry)


def _try_to_add(function: FunctionType, slot: Slot) -> None:
    """Taps a function; one that the selector does not name may be left out, with the reason."""
    try:
        _add(function, slot)
    except SourceError as error:
        if any(function is other and named for other, named in candidates(slot.plan)):
            raise
        slot.refused[function.__qualname__] = str(error)


def release(slot: Slot) -> None:
    """Takes the slot's taps out again when nobody needs them any more."""
    with _lock:
        slot.users -= 1
        if slot.users:
            return
        _active.remove(slot)
        if not _active:
            end_holding()
        alone = slot.alone
        for reference, installation in slot.tapped:
            function = reference()
            if function is None:
                continue
            if installation.slots is alone:
                installation.slots = ()
                if function.__code__ is installation.installed:
                    function.__code__ = installation.base
            elif slot in installation.slots:
                _remove(function, installation, slot)
        slot.tapped.clear()


def _targets(slot: Slot) -> Iterator[FunctionType]:
    """Gives the functions that the plan does something in; kept until more are decorated."""
    version = registry_version()
    if slot.targets is None or slot.targets[0] != version:
        found = {id(function): function for function in _find_targets(slot)}
        slot.targets = version, [weakref.ref(function) for function in found.values()]
    for reference in slot.targets[1]:
        function = reference()
        if function is not None:
            yield function


def _find_targets(slot: Slot) -> Iterator[FunctionType]:
    for function, named in candidates(slot.plan):
        try:
            subject = subject_of(function)
        except SourceError as error:
            if named:
                raise
            slot.refused[function.__qualname__] = str(error)
            continue
        if site_of(slot, subject, function) is not None:
            yield function


def candidates(plan: Plan) -> Iterator[tuple[FunctionType, bool]]:
    """Gives the functions that a plan may concern, and whether the selector names just them."""
    everywhere = plan.specs.needs_neighbours
    for spec in plan.specs.all:
        if spec.meant is None:
            everywhere = True
            continue
        for reference in spec.meant.functions:
            function = reference()
            if function is not None:
                yield function, not spec.meant.nested
                # An object made of it, by `ptera(function)`, has the same code.
                for copy in ptera_functions(function.__name__):
                    yield copy, False
        everywhere = everywhere or spec.meant.decorated is not None
    for reference in plan.within:
        function = reference()
        if function is not None:
            yield function, False
    if everywhere:
        for function in ptera_functions(None):
            yield function, False


def site_of(slot: Slot, subject: Subject, function: FunctionType) -> Site | None:
    """Gives what a slot's plan does in a function or, failing that, in those nested in it."""
    site = slot.site(subject)
    if site is None and _nested_nodes(slot, subject, function):
        return Site(slot, subject, (), subject.name, is_element=False, is_hook=True)
    return site


def _nested_nodes(slot: Slot, subject: Subject, function: FunctionType) -> frozenset[ast.AST]:
    """Gives the definitions inside a function that must be tapped as they are created."""
    if subject not in slot.nested:
        found: list[ast.AST] = []
        if slot.plan.concerns_nested:
            for source in nested_sources(subject.source):
                inner = subject_of(function, source.code)
                if site_of(slot, inner, function) is not None:
                    found.append(source.node)
        slot.nested[subject] = frozenset(found)
    return slot.nested[subject]


def adopt(slot: Slot, function: object) -> object:
    """Taps a nested function that has just been created, while the slot is in use."""
    if isinstance(function, FunctionType) and slot.users:
        with _lock:
            if slot.users:
                _add(function, slot)
    return function


def _register(function: FunctionType) -> None:
    """Brings the overlays that are active to a function that has just been decorated."""
    with _lock:
        for slot in _active:
            try:
                if site_of(slot, subject_of(function), function) is not None:
                    _try_to_add(function, slot)
            except SourceError as error:
                slot.refused[function.__qualname__] = str(error)


on_register(_register)


def _add(function: FunctionType, slot: Slot) -> None:
    installation = _installations.get(function)
    if installation is None:
        installation = _installations[function] = Installation(function.__code__)
    if slot in installation.slots:
        return
    if function.__code__ is not (
        installation.installed if installation.slots else installation.base
    ):
        # The program itself has set it, as reloaders do, and with it any taps are gone.
        installation.base = function.__code__
        installation.slots = ()
        installation.codes.clear()
    slots = (*installation.slots, slot) if installation.slots else slot.alone
    _install(function, installation, slots)
    slot.tapped.append((weakref.ref(function), installation))


def _remove(function: FunctionType, installation: Installation, slot: Slot) -> None:
    left = tuple(other for other in installation.slots if other is not slot)
    if left and function.__code__ is installation.installed:
        _install(function, installation, left)
        return
    installation.slots = left
    if function.__code__ is installation.installed:
        function.__code__ = installation.base


def _install(function: FunctionType, installation: Installation, slots: tuple[Slot, ...]) -> None:
    serials = tuple([slot.serial for slot in slots])
    code = installation.codes.get(serials)
    if code is None:
        code = installation.codes[serials] = _code(function, slots)
    function.__code__ = installation.installed = code
    installation.slots = slots


def reshape(function: FunctionType) -> None:
    """Makes the function's code anew after its state has got or lost a variable."""
    with _lock:
        base = code_for(subject_of(function).source, shape_of(function), ())
        installation = _installations.get(function)
        if installation is None:
            function.__code__ = base
            return
        installation.codes.clear()
        installation.base = base
        if installation.slots:
            _install(function, installation, installation.slots)
        else:
            function.__code__ = base


def _code(function: FunctionType, slots: Sequence[Slot]) -> CodeType:
    """Gives the code of a function with the taps of `slots`, compiled once for all copies."""
    subject = subject_of(function)
    shape = shape_of(function)
    key = shape, tuple(slot.serial for slot in slots)
    known = _codes.setdefault(subject, {})
    if key not in known:
        known[key] = _new_code(function, subject, shape, slots)
        remember_code(known[key], subject.code)
    return known[key]


def forget(slots: Sequence[Slot]) -> None:
    """Drops the code that was kept for slots whose plan is not kept any longer."""
    serials = {slot.serial for slot in slots}
    with _lock:
        for known in list(_codes.values()):
            for key in [key for key in known if not serials.isdisjoint(key[1])]:
                del known[key]
        for installation in list(_installations.values()):
            for numbers in [n for n in installation.codes if not serials.isdisjoint(n)]:
                del installation.codes[numbers]


def _new_code(
    function: FunctionType, subject: Subject, shape: Shape, slots: Sequence[Slot]
) -> CodeType:
    constants = Constants()
    weaves = weaves_of(function, subject, shape, slots, constants)
    code = bind_constants(code_for(subject.source, shape, weaves), constants.objects)
    folder = dump_folder()
    if folder is not None:
        name = f"{function.__module__}.{subject.facts.qualname}"
        dump(folder, name, tree_for(subject.source, shape, weaves), constants)
    finding = weaves[0] if weaves else None
    if isinstance(finding, Finding) and finding.is_suspended:
        return find_at_creation(code, finding.names)
    return code


def weaves_of(
    function: FunctionType,
    subject: Subject,
    shape: Shape,
    slots: Sequence[Slot],
    constants: Constants,
) -> list[Weave]:
    """Gives the weaves for one function: what finds the overlays, then those that change values."""
    overrides: list[SlotWeave] = []
    others: list[SlotWeave] = []
    for slot in slots:
        site = site_of(slot, subject, function)
        if site is None:
            continue
        nested = _nested_nodes(slot, subject, function)
        adopting = functools.partial(adopt, slot)
        base = functools.partial(own_priority, subject, shape)
        tools = Tools(constants.put, key_expression(shape), adopting, nested, base)
        weave = weave_for(site, tools)
        (overrides if weave.changes else others).append(weave)
    rivals = [weave for weave in overrides if isinstance(weave, Rival)]
    arbitration = [Arbitration(rivals, constants.put)] if rivals else []
    finding = Finding([*overrides, *others])
    declared = frozenset(name for weave in rivals for name in weave.declared)
    rest: list[Weave] = [*others]
    if declared:
        rest = [Settled(rest, declared, constants.put)]
    return [finding, *overrides, *arbitration, *rest]


def own_priority(subject: Subject, shape: Shape, name: str) -> float:
    """Gives the priority of the value that a function, or its object, gives a variable."""
    stated = shape.priority_of(name)
    variable = subject.facts.variables.get(name)
    if stated is not None and (variable is None or stated > 0 or shape.is_forced(name)):
        return stated
    return -1 if variable is not None and is_default(variable.default) else stated or 0
