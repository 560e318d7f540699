"""Values written down: a configuration file that gives the same run again."""

import datetime
import enum
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, cast

from ._shapes import as_items, as_list, as_table

__all__ = ["Entry", "FORMATS", "NotWritable", "as_data", "rendered"]

FORMATS = ("toml", "yaml", "json")

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class NotWritable(Exception):
    """A value cannot be written in a file: internal, the callers say which option it is of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a configuration file.

    Arguments:
        keys: The key, from the outermost table.
        text: The value, for a comment only; None where `value` counts.
        value: The value, as data.
        note: Where it came from.
        heading: A comment that stands before the entry, where the subject changes.
    """

    keys: tuple[str, ...]
    value: object = None
    text: str | None = None
    note: str = ""
    heading: str = ""


def as_data(value: object) -> object:
    """Gives a value as numbers, strings, lists and tables, so that reading them gives it again.

    Raises:
        NotWritable: It holds an object that no file can hold.

    Examples:
        >>> as_data({"sizes": (1, 2)})
        {'sizes': [1, 2]}
    """
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime.date | datetime.time):
        return value
    if isinstance(value, os.PathLike):
        return str(cast(object, value))
    if isinstance(value, bytes):
        return value.decode()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_data(getattr(value, f.name)) for f in fields(value) if f.init}
    return _container_as_data(value)


def _container_as_data(value: object) -> object:
    if isinstance(value, Mapping):
        items = cast(Mapping[object, object], value).items()
        return {str(as_data(key)): as_data(item) for key, item in items}
    names: tuple[str, ...] | None = getattr(value, "_fields", None)
    listed = as_list(value)
    if listed is not None:
        data = [as_data(item) for item in listed]
        return data if names is None else dict(zip(names, data, strict=True))
    items_ = as_items(value)
    if items_ is not None:
        return sorted((as_data(item) for item in items_), key=repr)
    if type(value).__name__ in ("Decimal", "Fraction", "UUID", "complex"):
        return str(value)
    raise NotWritable(type(value).__name__)


def rendered(entries: Iterable[Entry], format_: str) -> str:
    """Writes entries as the text of a configuration file.

    Arguments:
        entries: What it shall hold, in order.
        format_: `toml`, `yaml` or `json`; JSON has no comments, so notes are left out.

    Raises:
        NotWritable: A value has no place in that format.

    Examples:
        >>> print(rendered([Entry(("lr",), 0.5, note="--lr")], "toml"), end="")
        lr = 0.5  # --lr
    """
    entries = list(entries)
    if format_ == "json":
        return json.dumps(_tree(entries), indent=2, default=_json_default) + "\n"
    lines = _toml_lines(entries) if format_ == "toml" else _yaml_lines(entries)
    return "".join(line + "\n" for line in lines)


def _json_default(value: object) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise NotWritable(type(value).__name__)


def _tree(entries: Iterable[Entry]) -> dict[str, object]:
    tree: dict[str, Any] = {}
    for entry in entries:
        if entry.text is None:
            table = tree
            for key in entry.keys[:-1]:
                table = table.setdefault(key, {})
            table[entry.keys[-1]] = entry.value
    return tree


def _note(entry: Entry) -> str:
    return f"  # {entry.note}" if entry.note else ""


def _toml_lines(entries: list[Entry]) -> Iterable[str]:
    table: tuple[str, ...] = ()
    for entry in entries:
        if entry.heading:
            yield from ("", f"# {entry.heading}")
        if entry.keys[0] == "set" and len(entry.keys) == 2 and table != ("set",):
            table = ("set",)
            yield from ("", "[set]")
        keys = ".".join(_toml_key(key) for key in entry.keys[len(table) :])
        if entry.text is not None:
            yield f"# {keys} = {entry.text}{_note(entry)}"
        else:
            yield f"{keys} = {_toml(entry.value)}{_note(entry)}"


def _toml_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _toml(value: object) -> str:
    if value is None:
        return '"None"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _toml_float(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    table = as_table(value)
    if table is not None:
        return "{" + ", ".join(f"{_toml_key(k)} = {_toml(v)}" for k, v in table.items()) + "}"
    return f"[{', '.join(_toml(item) for item in as_list(value) or ())}]"


def _toml_float(value: float) -> str:
    if math.isnan(value):
        return "nan"
    return str(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _yaml_lines(entries: list[Entry]) -> Iterable[str]:
    """Writes nested keys as nested blocks; entries of one table follow one another."""
    table: tuple[str, ...] = ()
    for entry in entries:
        if entry.heading:
            yield from ("", f"# {entry.heading}")
        *around, last = entry.keys
        if entry.text is not None:
            yield f"# {'.'.join(entry.keys)}: {entry.text}{_note(entry)}"
            continue
        for depth, key in enumerate(around):
            if table[: depth + 1] != tuple(around[: depth + 1]):
                yield f"{'  ' * depth}{_yaml_key(key)}:"
        table = tuple(around)
        yield f"{'  ' * len(around)}{_yaml_key(last)}: {_yaml(entry.value)}{_note(entry)}"


def _yaml_key(key: str) -> str:
    plain = _BARE.fullmatch(key) and key.lower() not in _YAML_WORDS
    return key if plain else json.dumps(key, ensure_ascii=False)


def _yaml(value: object) -> str:
    """Writes a value in flow style, which is JSON but for numbers and dates."""
    if isinstance(value, float):
        return _yaml_float(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    table, items = as_table(value), as_list(value)
    if table is not None:
        return "{" + ", ".join(f"{_yaml_key(k)}: {_yaml(v)}" for k, v in table.items()) + "}"
    if items is not None:
        return f"[{', '.join(_yaml(item) for item in items)}]"
    return json.dumps(value, ensure_ascii=False)


def _yaml_float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = str(value)
    # Older readers take `1e-05` for a string: they ask for a point.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text
