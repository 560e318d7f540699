"""Operators on elements that are dicts, as the events of a probe are."""

import operator
from collections.abc import Callable, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ._fill import formatted, is_entries, lax
from ._reactive import Operator, compose, filtered, made, mapped, through

__all__ = [
    "as_", "augment", "collect_between", "flatten", "format", "getitem", "keep",
    "kfilter", "kmap", "sole", "where", "where_any",
]  # fmt: skip


def as_(key: str) -> Operator:
    """A dict with the element under `key`."""
    return mapped(lambda element: {key: element})


def getitem(*keys: Any, strict: bool = False) -> Operator:
    """The entry under a key, or a tuple of those under several.

    Arguments:
        keys: The keys.
        strict: Whether an element without one is an error; otherwise it is left out.
    """
    fetch = mapped(operator.itemgetter(*keys))
    if strict:
        return fetch
    return compose(filtered(lambda element: all(key in element for key in keys)), fetch)


def keep(*keys: str, **renamed: str) -> Operator:
    """Dicts with those entries only: `keep("x", old="new")` renames some.

    Dicts without any of them are left out.
    """
    names = {**{key: key for key in keys}, **renamed}

    def chosen(entries: Mapping[str, Any]) -> dict[str, Any]:
        return {new: entries[old] for old, new in names.items() if old in entries}

    return compose(where_any(*names), mapped(chosen))


def where(*keys: str, **conditions: Any) -> Operator:
    """Dicts that have certain entries.

    Arguments:
        keys: Keys that must be there; with a `!` in front, keys that must not.
        conditions: For each key its value, or a function that must be true of it.
    """
    without = [key[1:] for key in keys if key.startswith("!")]
    needed = [key for key in keys if not key.startswith("!")]
    tests = {key: _condition(value) for key, value in conditions.items()}

    def fits(element: Any) -> bool:
        return (
            is_entries(element)
            and all(key in element for key in (*needed, *tests))
            and not any(key in element for key in without)
            and all(test(element[key]) for key, test in tests.items())
        )

    return filtered(fits)


def _condition(value: Any) -> Callable[[Any], object]:
    if isinstance(value, FunctionType | BuiltinFunctionType | MethodType):
        return value
    return lambda found: value == found


def where_any(*keys: str) -> Operator:
    """Dicts that have at least one of the keys."""
    names = frozenset(keys)
    return filtered(lambda entry: is_entries(entry) and not names.isdisjoint(entry))


def kfilter(fn: Callable[..., object]) -> Operator:
    """Dicts for which `fn` is true, called with the entries that it has parameters for."""
    return filtered(lax(fn))


def kmap(fn: Callable[..., Any] | None = None, /, **fns: Callable[..., Any]) -> Operator:
    """What `fn` makes of each dict, called with the entries that it has parameters for.

    Arguments:
        fn: The function; or else:
        fns: A function for each key of a new dict.

    Raises:
        TypeError: Both are given, or neither.
    """
    if (fn is None) == (not fns):
        raise TypeError("kmap() takes one function, or functions by keyword, and not both")
    return mapped(lax(fn) if fn is not None else _computed(fns))


def _computed(fns: Mapping[str, Callable[..., Any]]) -> Callable[[Any], dict[str, Any]]:
    made = {key: lax(fn) for key, fn in fns.items()}
    return lambda entries: {key: fn(entries) for key, fn in made.items()}


def augment(**fns: Callable[..., Any]) -> Operator:
    """Dicts with further entries, each computed by a function of those that are there."""
    computed = _computed(fns)
    return mapped(lambda entries: {**computed(entries), **entries})


def flatten(mapper: Callable[[Any], Any] | None = None) -> Operator:
    """The elements of each element (or of what `mapper` makes of it)."""
    return made("flat_map", mapper) if mapper is not None else made("flat_map", _itself)


def _itself(element: Any) -> Any:
    return element


def format(string: str, raw: bool = False, skip_missing: bool = False) -> Operator:
    """Each element as text.

    Arguments:
        string: As for `str.format`; a dict fills it by name, a tuple by position.
        raw: Whether a dict or tuple is filled in whole, as any other element is.
        skip_missing: Whether dicts that lack a name are left out; otherwise an error.
    """
    texts = mapped(lambda element: formatted(string, element, raw, skip_missing))
    return compose(texts, filtered(lambda text: text is not None))


def sole(*, keep_key: bool = False, exclude: str | Sequence[str] = ()) -> Operator:
    """The only value of each dict.

    Arguments:
        keep_key: Whether to give the pair of key and value.
        exclude: Keys that do not count.
    """
    ignored = {exclude} if isinstance(exclude, str) else set(exclude)

    def only(entries: Mapping[str, Any]) -> Any:
        pairs = [pair for pair in entries.items() if pair[0] not in ignored]
        if len(pairs) != 1:
            raise ValueError(f"sole() takes dicts with one entry, not {len(pairs)}: {entries!r}")
        return pairs[0] if keep_key else pairs[0][1]

    return mapped(only)


def collect_between(start: str, end: str, common: str | None = None) -> Operator:
    """One dict of all entries, from the dict that has `start` to the one that has `end`.

    Arguments:
        start: A dict with this key begins a new collection.
        end: A dict with this key ends it.
        common: A key whose value tells apart collections that run at the same time;
            dicts without it are left out.
    """

    def begin(observer: Any) -> Callable[[Any], None]:
        running: dict[Any, dict[str, Any]] = {}

        def step(entries: Any) -> None:
            if not is_entries(entries) or (common is not None and common not in entries):
                return
            group = None if common is None else entries[common]
            if start in entries:
                running[group] = {}
            running.setdefault(group, {}).update(entries)
            if end in entries and start not in entries:
                observer.on_next(running.pop(group))

        return step

    return through(begin)
