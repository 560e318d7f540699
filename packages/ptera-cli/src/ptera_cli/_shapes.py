"""Data whose type no annotation tells, seen as what it is: tables and lists."""

import collections.abc
from collections.abc import Iterable, Mapping
from typing import cast

__all__ = ["as_items", "as_list", "as_table"]


def as_table(value: object) -> Mapping[str, object] | None:
    """Gives a mapping with its keys as strings, None for anything else.

    Examples:
        >>> as_table({1: 2})
        {'1': 2}
        >>> as_table([1]) is None
        True
    """
    if not isinstance(value, collections.abc.Mapping):
        return None
    return {str(key): item for key, item in cast(Mapping[object, object], value).items()}


def as_list(value: object) -> list[object] | None:
    """Gives a list or tuple as a list, None for anything else.

    Examples:
        >>> as_list((1, 2)), as_list("ab")
        ([1, 2], None)
    """
    return list(cast(Iterable[object], value)) if isinstance(value, list | tuple) else None


def as_items(value: object) -> list[object] | None:
    """Gives the items of a list, tuple or set, None for anything else.

    Examples:
        >>> as_items({1}), as_items("ab")
        ([1], None)
    """
    if isinstance(value, list | tuple | set | frozenset):
        return list(cast(Iterable[object], value))
    return None
