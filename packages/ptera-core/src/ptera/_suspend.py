"""Stepping out of a recorded activation while it is suspended, and back in.

Context variables do not follow generators: whoever drives one next would find the
activation of whoever drove it last. So it is taken off at each suspension.
"""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, cast

from ._deliver import Node

__all__ = [
    "awaiting", "delegating", "iterating", "managing", "reenter", "resume", "suspend",
]  # fmt: skip


def suspend(node: Node | None, value: object) -> object:
    """Steps out of a generator's activation while it is suspended."""
    if node is not None and node.site.variable.get(None) is node:
        node.site.variable.set(node.back)
    return value


def resume(node: Node | None, value: object) -> object:
    """Steps back into a generator's activation, whoever drives it now."""
    reenter(node)
    return value


def reenter(node: Node | None) -> None:
    """Steps back into an activation unless it is the current one."""
    if node is not None:
        variable = node.site.variable
        here = variable.get(None)
        if here is not node:
            node.back = node.site.slot.root if here is None else here
            variable.set(node)


class Awaiting:
    """An awaitable that steps out of an activation at each suspension of another.

    PEP 380 gives the meaning of delegation: values sent and exceptions thrown go to the
    inner iterator, its return value comes back.
    """

    __slots__ = ("inner", "node")

    def __init__(self, node: Node | None, awaitable: Any) -> None:
        self.node = node
        self.inner = awaitable

    def __await__(self) -> Iterator[Any]:
        return _Delegation(self.node, _iterator_of(self.inner))


def _iterator_of(awaitable: Any) -> Any:
    if hasattr(awaitable, "__await__"):
        return awaitable.__await__()
    return awaitable


class _Delegation:
    """The iterator behind `yield from` and `await` inside a recorded activation."""

    __slots__ = ("inner", "node")

    def __init__(self, node: Node | None, inner: Any) -> None:
        self.node = node
        self.inner = inner

    def __iter__(self) -> "_Delegation":
        return self

    def __next__(self) -> Any:
        return self._step(next, self.inner)

    def send(self, value: Any) -> Any:
        if value is None:
            return self._step(next, self.inner)
        return self._step(self.inner.send, value)

    def throw(
        self,
        error: Any,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> Any:
        throw = getattr(self.inner, "throw", None)
        if throw is None:
            raise error if value is None else value
        return self._step(throw, error if value is None else value)

    def close(self) -> None:
        close = getattr(self.inner, "close", None)
        if close is not None:
            reenter(self.node)
            close()

    def _step(self, function: Callable[..., Any], *arguments: Any) -> Any:
        reenter(self.node)
        return suspend(self.node, function(*arguments))


class _Iterating:
    """An asynchronous iterator whose every step is awaited out of the activation."""

    __slots__ = ("inner", "kind", "node")

    def __init__(self, node: Node, inner: Any) -> None:
        self.node = node
        self.inner = inner
        self.kind: Any = type(inner)

    def __aiter__(self) -> "_Iterating":
        return self

    def __anext__(self) -> Awaiting:
        return Awaiting(self.node, self.kind.__anext__(self.inner))


class _Managing:
    """An asynchronous context manager entered and left out of the activation."""

    __slots__ = ("inner", "kind", "node")

    def __init__(self, node: Node, inner: Any) -> None:
        self.node = node
        self.inner = inner
        self.kind: Any = type(inner)

    def __aenter__(self) -> Awaiting:
        return Awaiting(self.node, self.kind.__aenter__(self.inner))

    def __aexit__(self, *error: object) -> Awaiting:
        return Awaiting(self.node, self.kind.__aexit__(self.inner, *error))


def awaiting(node: Node | None, awaitable: Any) -> Any:
    """Wraps what is awaited, if the activation is recorded."""
    return awaitable if node is None else Awaiting(node, awaitable)


def delegating(node: Node | None, iterable: Any) -> Any:
    """Wraps what is delegated to, if the activation is recorded."""
    return iterable if node is None else _Delegation(node, iter(iterable))


def iterating(node: Node | None, iterable: Any) -> Any:
    """Wraps what an `async for` runs over, if the activation is recorded."""
    kind = cast(Any, type(iterable))
    if node is None or not hasattr(kind, "__aiter__"):
        return iterable
    iterator: Any = kind.__aiter__(iterable)
    stepping = cast(Any, type(iterator))
    return _Iterating(node, iterator) if hasattr(stepping, "__anext__") else iterable


def managing(node: Node | None, manager: Any) -> Any:
    """Wraps what an `async with` enters, if the activation is recorded."""
    kind = cast(Any, type(manager))
    if node is None or not (hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__")):
        return manager
    return _Managing(node, manager)
