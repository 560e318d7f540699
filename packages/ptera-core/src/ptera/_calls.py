"""A call of a function object to which something is attached."""

import contextvars
import functools
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from operator import itemgetter
from types import FunctionType
from typing import Any

from ._attachments import Attachment, Session
from ._deliver import Root
from ._overlay import Active, ActiveAlone, Prepared
from ._plan import Mode
from ._results import Results

__all__ = ["Attached", "runner"]


@dataclass(frozen=True, slots=True, eq=False)
class Attached:
    """What is attached to a function object.

    Arguments:
        attachments: In the order in which they were attached.
        returns: A token of the wish for `Results`, shared by copies; None: no such wish.
    """

    attachments: tuple[Attachment, ...] = ()
    returns: object = None

    def __bool__(self) -> bool:
        return bool(self.attachments) or self.returns is not None

    def begin(self, function: FunctionType) -> "Run | None":
        """Begins a call, or gives None if all of it is in force here already.

        So it is when the function calls itself: nothing is entered a second time.

        Arguments:
            function: The private function of the object that is called.
        """
        running = _running.get()
        in_force = [run for run in running if run.live] if running else running
        if not in_force:
            return Run(function, self.attachments, self.returns)
        entered = {attachment for run in in_force for attachment in run.attachments}
        left = [attachment for attachment in self.attachments if attachment not in entered]
        returns = self.returns
        if any(run.returns is returns for run in in_force):
            returns = None
        return Run(function, left, returns) if left or returns is not None else None


_frame_above = sys._getframe  # pyright: ignore[reportPrivateUsage]  # the documented way to the caller


class Run:
    """One call: its rules are active from `start` to `finish` or `abandon`.

    Arguments:
        function: The private function of the object that is called.
        attachments: What is attached and not yet in force.
        returns: A token if the caller wants `Results`.

    Attributes:
        frame: The identity of the frame in which it was begun.
    """

    __slots__ = (
        "_active",
        "_tokens",
        "attachments",
        "frame",
        "function",
        "live",
        "outcomes",
        "returns",
        "roots",
        "sessions",
    )

    def __init__(
        self, function: FunctionType, attachments: Sequence[Attachment], returns: object
    ) -> None:
        self.function = function
        self.attachments = attachments
        self.returns = returns
        self.live = True
        self.sessions: list[Session] = []
        for attachment in attachments:
            self.sessions.append(attachment.open())
        self.outcomes: dict[str, Any] = {}
        self._active: Active | ActiveAlone | None = None
        # What the context variables of the rules hold while they are active, in their order.
        self.roots: list[Root] = []

    def _note_outcomes(self) -> None:
        if len(self.attachments) == 1:
            name = self.attachments[0].name
            if name is not None:
                self.outcomes[name] = self.sessions[0].outcome
            return
        noted: set[str] = set()
        for attachment, session in zip(self.attachments, self.sessions, strict=True):
            name = attachment.name
            if name is None:
                continue
            outcome: Any = session.outcome
            if name in noted and type(outcome) is list:
                outcome = [*self.outcomes[name], *outcome]
            self.outcomes[name] = outcome
            noted.add(name)

    def start(self) -> None:
        """Activates the rules, but nowhere yet: see `Inside`."""
        # The caller's frame lasts as long as the call.
        self.frame = id(_frame_above(1))
        self._start()

    def _start(self) -> None:
        if len(self.attachments) == 1 and len(self.attachments[0].rules) == 1:
            [attachment], [session] = self.attachments, self.sessions
            [item] = attachment.rules
            if not item.plans.are_off:
                emit = session.emits[0] if session.emits else None
                self._active = active = ActiveAlone(item, emit, attachment.guarded)
                self.roots = active.roots
                session.connect(self)
                return
        self._start_all()

    def _start_all(self) -> None:
        pairs = zip(self.attachments, self.sessions, strict=True)
        rules: list[Prepared] = [
            rule for attachment, session in pairs for rule in attachment.rules_of(session)
        ]
        if not rules:
            return
        order = _entering(rules)
        self._active = Active([rules[number] for number in order], False, placed=False)
        roots = zip(order, self._active.roots, strict=False)
        self.roots = [root for _, root in sorted(roots, key=itemgetter(0))]
        for session in self.sessions:
            session.connect(self)

    def __enter__(self) -> None:
        """Begins a call that is one piece: all of it is under the rules."""
        self.frame = id(_frame_above(1))
        try:
            self._start()
        except BaseException:
            self.abandon()
            raise
        self._tokens = _put_under(self)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _take_from_under(self._tokens)
        if kind is None:
            self.finish()
        else:
            self.abandon()

    def steps(
        self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> "_Steps":
        """Creates a generator or coroutine under the rules, where it finds its overlay."""
        with Inside(self):
            return _Steps(self, function(*args, **kwargs))

    def _end(self) -> None:
        if self._active is not None:
            self._active.close()
            self._active = None
            self.roots = []

    def abandon(self) -> None:
        """Ends a call that has raised."""
        self._end()
        self.live = False

    def finish(self) -> None:
        """Ends a call that has returned, with what the attachments do then."""
        self._end()
        for session in self.sessions:
            if session.concludes:
                self._conclude()
                break
        self.live = False
        if self.returns is not None:
            self._note_outcomes()

    def _conclude(self) -> None:
        with Inside(self):
            for session in self.sessions:
                session.conclude()

    def result(self, value: Any) -> Any:
        """Gives what the caller gets; of a generator, before it has run."""
        if self.returns is None:
            return value
        if self.live:
            self._note_outcomes()
        return Results(value, self.outcomes)


def _entering(rules: Sequence[Prepared]) -> list[int]:
    """Gives the order in which to enter rules, so that their handlers are called in theirs.

    Activations are closed in reverse, and complete events are delivered then.
    """
    complete = [n for n, item in enumerate(rules) if item.rule.mode is Mode.COMPLETE]
    others = [n for n, item in enumerate(rules) if item.rule.mode is not Mode.COMPLETE]
    return [*others, *reversed(complete)]


_NOT_COMPILED = (
    "what is attached to a Ptera function does not run in compiled code: compile the function "
    "without it, and attach it to what calls the compiled one"
)


_running: contextvars.ContextVar[tuple[Run, ...]] = contextvars.ContextVar(
    "ptera.running", default=()
)

_Tokens = list[tuple[contextvars.ContextVar[Any], contextvars.Token[Any]]]


def _put_under(run: Run) -> _Tokens:
    """Puts the current context under the rules of a call; the tokens undo it."""
    tokens: _Tokens = []
    for root in run.roots:
        variable = root.slot.variable
        tokens.append((variable, variable.set(root)))
    tokens.append((_running, _running.set((*_running.get(), run))))
    return tokens


def _take_from_under(tokens: _Tokens) -> None:
    for variable, token in reversed(tokens):
        variable.reset(token)


class Inside:
    """Puts the current context under the rules of a call for one step of it.

    Context variables do not follow generators, so what is put here is taken off at the
    end of each step.
    """

    __slots__ = ("run", "tokens")

    def __init__(self, run: Run) -> None:
        self.run = run

    def __enter__(self) -> None:
        self.tokens = _put_under(self.run)

    def __exit__(self, *_: object) -> None:
        _take_from_under(self.tokens)


Begin = Callable[[], Run | None]


def runner(function: FunctionType, attached: Attached) -> FunctionType:
    """Gives the function that runs another one with what is attached.

    It is of the same kind: a generator function for a generator function, and so on. One
    that gives `Results` gives them at once for a generator, whose events are complete when
    it is exhausted.

    Arguments:
        function: The private function of an object.
        attached: What is attached to the object.
    """
    if iscoroutinefunction(function):
        return _coroutine(function, attached)
    steps = _async_generator if isasyncgenfunction(function) else None
    steps = _generator if isgeneratorfunction(function) else steps
    if steps is None:
        return _plain(function, attached)
    if attached.returns is None:
        return steps(function, lambda: attached.begin(function))
    return _returning(steps, function, attached)


def _plain(function: FunctionType, attached: Attached) -> FunctionType:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        run = attached.begin(function)
        if run is None:
            return function(*args, **kwargs)
        with run:
            value = function(*args, **kwargs)
        return run.result(value)

    return _as_function(call)


def _coroutine(function: FunctionType, attached: Attached) -> FunctionType:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        run = attached.begin(function)
        if run is None:
            return await function(*args, **kwargs)
        try:
            run.start()
            value = await run.steps(function, args, kwargs)
        except BaseException:
            run.abandon()
            raise
        run.finish()
        return run.result(value)

    return _as_function(call)


def _generator(function: FunctionType, begin: Begin) -> FunctionType:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        run = begin()
        if run is None:
            inner: Generator[Any, Any, Any] = function(*args, **kwargs)
            return (yield from inner)
        try:
            run.start()
            value = yield from run.steps(function, args, kwargs)
        except BaseException:
            run.abandon()
            raise
        run.finish()
        return value

    return _as_function(call)


def _async_generator(function: FunctionType, begin: Begin) -> FunctionType:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        run = begin()
        step: Callable[[Any], Any] = _as_it_is if run is None else functools.partial(_Steps, run)
        if run is None:
            inner = function(*args, **kwargs)
        else:
            run.start()
            inner = run.steps(function, args, kwargs).inner
        try:
            item = await step(inner.__anext__())
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    item = await step(inner.athrow(error))
                else:
                    item = await step(inner.asend(sent))
        except StopAsyncIteration:
            if run is not None:
                run.finish()
        finally:
            await step(inner.aclose())
            if run is not None and run.live:
                run.abandon()

    return _as_function(call)


def _as_it_is(awaitable: Any) -> Any:
    return awaitable


def _returning(
    steps: Callable[[FunctionType, Begin], FunctionType], function: FunctionType, attached: Attached
) -> FunctionType:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        run = attached.begin(function)
        if run is None:
            return function(*args, **kwargs)
        generator = steps(function, lambda: run)(*args, **kwargs)
        return run.result(generator)

    return _as_function(call)


def _as_function(call: object) -> FunctionType:
    assert isinstance(call, FunctionType)
    # `torch.compile` looks for these: it refuses, with the reason, instead of leaving out
    # what is attached.
    call.__dict__["_torchdynamo_disable"] = True
    call.__dict__["_torchdynamo_disable_msg"] = _NOT_COMPILED
    return call


class _Steps(Generator[Any, Any, Any]):
    """An iterator or awaitable that runs each step of another one inside a call.

    PEP 380 gives the meaning: what is sent and thrown goes to the other one, and what it
    returns comes back.
    """

    __slots__ = ("inner", "run")

    def __init__(self, run: Run, inner: Any) -> None:
        self.run = run
        self.inner = inner

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def send(self, value: Any) -> Any:
        """Resumes it with a value."""
        with Inside(self.run):
            return self.inner.send(value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Resumes it with an exception."""
        with Inside(self.run):
            return self.inner.throw(error if value is None else value)

    def close(self) -> None:
        """Ends it."""
        with Inside(self.run):
            self.inner.close()
