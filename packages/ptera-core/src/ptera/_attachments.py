"""What can be attached to a function object, and what becomes of it in one call."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ptera_selector import Selector, captures

from ._errors import ProbeError
from ._handlers import can_reach_functions
from ._overlay import Prepared, Rule, prepare, selector_of
from ._plan import Mode
from ._resolve import Scope
from ._results import Event, Events, all_values, calling, itself, one_value

if TYPE_CHECKING:
    from ._calls import Run

__all__ = [
    "Attachment",
    "Plugin",
    "Session",
    "change",
    "checked_name",
    "collector",
    "handler",
    "joined",
    "name_of",
    "query",
]

Emit = Callable[..., object]
Handler = Callable[..., Any]


class Plugin(Protocol):
    """What `on` takes instead of a selector: `ptera_torch.Grad` is one."""

    def attachment(
        self,
        name: str,
        scope: Scope,
        function: Handler | None,
        *,
        full: bool = False,
        all: bool = False,
    ) -> "Attachment":
        """Makes what is attached to a function object.

        Arguments:
            name: The name of its outcome in the results.
            scope: Where the names of its selectors are found.
            function: The handler; None: the results hold the events.
            full: Whether the handler gets `Captured` objects.
            all: Whether it gets lists of all values.

        Raises:
            HandlerError: A parameter of the handler is no capture.
        """
        ...


class Session:
    """One attachment's part of one call; by default it has nothing to do.

    Arguments:
        outcome: What stands in the results under the attachment's name.
        emits: For each rule, where its events go in this call; nothing: where they go anyway.

    Attributes:
        concludes: Whether it has anything to do when the function has returned. A class that
            overrides `conclude` has, unless it says otherwise.
    """

    concludes: bool = False

    def __init_subclass__(cls) -> None:
        if "concludes" not in vars(cls):
            cls.concludes = cls.conclude is not Session.conclude

    def __init__(self, outcome: object = None, emits: Sequence[Emit] = ()) -> None:
        self.outcome = outcome
        self.emits = emits

    def connect(self, run: "Run") -> None:
        """Does what is to be done when the rules of the call have become active."""

    def conclude(self) -> None:
        """Does what is to be done when the function has returned."""


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """Something attached to a function object: all its copies share it.

    Arguments:
        name: The name of its outcome in the results, or None if it has none.
        rules: What it asks of the overlay of a call.
        guarded: Whether what it calls may itself call functions of the program.
        open: Begins its part of a call.
        adds: Whether an earlier one of the same name stays, as handlers do.
    """

    name: str | None
    rules: tuple[Prepared, ...]
    guarded: bool
    open: Callable[[], Session]
    adds: bool = False

    def rules_of(self, session: Session) -> list[Prepared]:
        """Gives the rules with their events going to one call."""
        if not session.emits:
            return list(self.rules)
        return [
            Prepared(item.rule, item.plans, emit, self.guarded)
            for item, emit in zip(self.rules, session.emits, strict=True)
        ]


def joined(earlier: Sequence[Attachment], added: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Gives what is attached in the end: a query takes the place of another of its name."""
    found = list(earlier)
    for attachment in added:
        found = [
            other
            for other in found
            if other.name is None
            or other.name != attachment.name
            or (other.adds and attachment.adds)
        ]
        found.append(attachment)
    return tuple(found)


def _names(selector: Selector) -> tuple[str, ...]:
    return tuple(dict.fromkeys(capture.name for capture in captures(selector)))


# Stands for what takes the events until a call says where they go; it is never called.
_waiting: Emit = id


def _complete(selector: Selector, scope: Scope) -> Prepared:
    return prepare(Rule(selector, scope, Mode.COMPLETE, _waiting))


def checked_name(name: str, text: object) -> str:
    """Gives the name, if results can have it.

    Raises:
        ProbeError: It is `value`.
    """
    if name == "value":
        reason = "`value` is what the call itself returns"
        raise ProbeError(str(text), reason, "Choose another name.")
    return name


def change(rules: Iterable[Rule]) -> Attachment:
    """Makes an attachment that changes values."""
    return Attachment(None, tuple(prepare(rule) for rule in rules), False, Session)


def query(name: str, text: str | Selector, scope: Scope) -> Attachment:
    """Makes an attachment that gathers the events of a selector."""
    checked_name(name, text)
    selector = selector_of(text)
    names = _names(selector)

    def begin() -> Session:
        events: list[Event] = []
        return Session(Events(selector, names, events), [events.append])

    return Attachment(name, (_complete(selector, scope),), False, begin)


def handler(
    function: Handler,
    text: str | Selector,
    scope: Scope,
    *,
    full: bool = False,
    all: bool = False,
    live: bool = False,
) -> Attachment:
    """Makes an attachment that calls a handler with each event of a selector.

    Raises:
        HandlerError: A parameter of the handler is no capture.
    """
    name = name_of(function)
    checked_name(name, text)
    selector = selector_of(text)
    if live and not full and not all:
        rule = Rule(selector, scope, Mode.LIVE, _waiting)
        read: Callable[[Any], object] = _as_it_is
    else:
        mode = Mode.LIVE if live else Mode.COMPLETE
        rule = Rule(selector, scope, mode, _waiting, raw=live)
        read = itself if full else all_values if all else one_value
    call = calling(function, _names(selector), read)
    prepared = prepare(rule)

    def begin() -> Session:
        returned: list[object] = []

        def emit(event: Any) -> None:
            returned.append(call(event))

        return Session(returned, [emit])

    return Attachment(name, (prepared,), can_reach_functions(function), begin, adds=True)


def _as_it_is(value: object) -> object:
    return value


def name_of(function: Handler) -> str:
    """Gives the name under which results have what a handler returned."""
    return str(getattr(function, "__name__", type(function).__name__))


class _Collecting(Session):
    def __init__(self, function: Handler, events: Events, emit: Emit) -> None:
        super().__init__(emits=[emit])
        self.function = function
        self.events = events

    def conclude(self) -> None:
        self.outcome = self.function(self.events)


def collector(function: Handler, text: str | Selector, scope: Scope) -> Attachment:
    """Makes an attachment that calls a function with all events of a selector, in the end."""
    name = name_of(function)
    checked_name(name, text)
    selector = selector_of(text)
    names = _names(selector)

    def begin() -> Session:
        events: list[Event] = []
        return _Collecting(function, Events(selector, names, events), events.append)

    return Attachment(name, (_complete(selector, scope),), False, begin)
