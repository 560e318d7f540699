"""Which values a program has read, in this process and in those that it starts."""

import os
import weakref
from collections.abc import Callable
from typing import Protocol

__all__ = ["Marks"]


class _Bytes(Protocol):
    def __getitem__(self, at: int, /) -> int: ...
    def __setitem__(self, at: int, value: int, /) -> None: ...


class Marks:
    """One mark for each value, set when the value is read.

    A file that all processes map into their memory holds the marks as soon as there are
    several processes: what only a worker reads is read too.

    Arguments:
        count: How many values there are.
        path: The file, in a process that another one started.

    Examples:
        >>> marks = Marks(2)
        >>> marks.reading(1, "value")()
        'value'
        >>> marks.is_set(0), marks.is_set(1)
        (False, True)
    """

    def __init__(self, count: int, path: str | None = None) -> None:
        self._count = count
        self._marks: _Bytes = bytearray(count)
        self._path = path
        self._owner = os.getpid() if path is None else None
        if path is not None:
            self._map(path)
        elif hasattr(os, "register_at_fork"):
            _share_before_fork(self)

    def reading(self, at: int, value: object) -> Callable[[], object]:
        """Gives a function that gives a value and marks it as read."""

        def read() -> object:
            self._marks[at] = 1
            return value

        return read

    def is_set(self, at: int) -> bool:
        """Tells whether a value was read, by any of the processes."""
        return self._marks[at] != 0

    def share(self) -> str:
        """Gives the file through which other processes set these marks."""
        if self._path is None:
            import tempfile

            descriptor, self._path = tempfile.mkstemp(prefix="ptera-read-")
            with open(descriptor, "wb") as file:
                file.write(bytes(self._marks[at] for at in range(self._count)))
            self._map(self._path)
        return self._path

    def _map(self, path: str) -> None:
        import mmap

        try:
            with open(path, "r+b") as file:
                self._marks = mmap.mmap(file.fileno(), self._count)
        except (OSError, ValueError):
            # The process that began this is gone: nobody asks for these marks any more.
            return

    def close(self) -> None:
        """Removes the file, in the process that made it."""
        if self._path is not None and self._owner == os.getpid():
            self._marks = bytearray(self._marks[at] for at in range(self._count))
            os.unlink(self._path)
            self._path = None


def _share_before_fork(marks: Marks) -> None:
    reference = weakref.ref(marks)

    def share() -> None:
        living = reference()
        if living is not None and living._count:  # pyright: ignore[reportPrivateUsage]  # this room's own
            living.share()

    os.register_at_fork(before=share)
