"""The code objects that functions were defined with, whatever is installed in them now."""

import weakref
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Generic, TypeVar

__all__ = ["ByIdentity", "original_code", "remember_code"]

Value = TypeVar("Value")


class ByIdentity(Generic[Value]):
    """A weak map from code objects, told apart by identity.

    Code objects compare by content, and not by file: two modules may hold equal ones.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[CodeType], Value]] = {}

    def get(self, code: CodeType) -> Value | None:
        """Gives the value kept for that code object, or None."""
        entry = self._entries.get(id(code))
        return entry[1] if entry is not None and entry[0]() is code else None

    def setdefault(self, code: CodeType, make: Callable[[], Value]) -> Value:
        """Gives the value kept for that code object, made if there is none yet."""
        value = self.get(code)
        if value is None:
            value = make()
            self.put(code, value)
        return value

    def put(self, code: CodeType, value: Value) -> None:
        """Keeps `value` for as long as the code object lives."""
        key = id(code)
        self._entries[key] = (weakref.ref(code, lambda _: self._entries.pop(key, None)), value)


_CODES: ByIdentity[CodeType] = ByIdentity()


def remember_code(installed: CodeType, original: CodeType) -> None:
    """Notes that a generated code object stands for the one that was written."""
    if installed is not original:
        _CODES.put(installed, original)


def original_code(function: FunctionType) -> CodeType:
    """Gives the code object that the function was defined with."""
    code = function.__code__
    return _CODES.get(code) or code
