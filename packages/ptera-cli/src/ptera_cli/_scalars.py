"""One word to one value: numbers, choices, paths, dates."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from ._described import described
from ._errors import closest
from ._kinds import Kind, choices_of, plain
from ._literals import literal, whole_number
from ._nodes import Origin

__all__ = ["READERS", "ConversionError"]


class ConversionError(Exception):
    """A value does not fit: internal, the rooms above turn it into a `UsageError`.

    Arguments:
        found: The value, as written.
        expected: What would have fitted.
        nearest: The choice most likely meant.
        path: Keys and indices that lead to the part that does not fit.
        origin: Where that part came from.
    """

    def __init__(
        self,
        found: str,
        expected: str,
        nearest: str | None = None,
        path: tuple[str | int, ...] = (),
        origin: Origin | None = None,
    ) -> None:
        super().__init__(found, expected, nearest, path, origin)
        self.found = found
        self.expected = expected
        self.nearest = nearest
        self.path = path
        self.origin = origin

    def within(self, *path: str | int) -> "ConversionError":
        """Gives the same error as seen from a container of the value.

        Once the origin is known, which points at the part itself, it stays as it is.
        """
        if self.origin is not None:
            return self
        return ConversionError(
            self.found, self.expected, self.nearest, (*path, *self.path), self.origin
        )

    def of(self, origin: Origin) -> "ConversionError":
        """Gives the same error with the source of the value, unless it is known."""
        return ConversionError(
            self.found, self.expected, self.nearest, self.path, self.origin or origin
        )


def _none(text: str, type_: object) -> object:
    if text not in ("None", "none", "null"):
        raise ConversionError(text, "None")
    return None


_WORDS = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def _bool(text: str, type_: object) -> object:
    value = _WORDS.get(text.lower())
    if value is None:
        raise ConversionError(text, described(type_))
    return value


def _int(text: str, type_: object) -> object:
    value = whole_number(text)
    if value is None:
        raise ConversionError(text, described(type_))
    return value


def _float(text: str, type_: object) -> object:
    try:
        return float(text)
    except ValueError:
        raise ConversionError(text, described(type_)) from None


def _path(text: str, type_: object) -> object:
    if isinstance(type_, type) and any(base.__name__ == "PurePath" for base in type_.__mro__):
        return type_(text)
    from pathlib import Path

    return Path(text)


def _moment(text: str, type_: object) -> object:
    constructor: Any = plain(type_)
    try:
        return constructor.fromisoformat(text)
    except ValueError:
        raise ConversionError(text, described(type_)) from None


def _enum(text: str, type_: object) -> object:
    chosen: Mapping[str, object] = getattr(plain(type_), "__members__", {})
    if text not in chosen:
        raise ConversionError(text, described(type_), closest(text, chosen))
    return chosen[text]


def _literal(text: str, type_: object) -> object:
    for value, written in zip(get_args(plain(type_)), choices_of(type_), strict=True):
        if text == written or (type(value) is int and whole_number(text) == value):
            return value
    raise ConversionError(text, described(type_), closest(text, choices_of(type_)))


READERS: dict[Kind, Callable[[str, object], object]] = {
    Kind.ANY: lambda text, _: literal(text),
    Kind.NONE: _none,
    Kind.BOOL: _bool,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.STR: lambda text, _: text,
    Kind.BYTES: lambda text, _: text.encode(),
    Kind.PATH: _path,
    Kind.MOMENT: _moment,
    Kind.ENUM: _enum,
    Kind.LITERAL: _literal,
}
