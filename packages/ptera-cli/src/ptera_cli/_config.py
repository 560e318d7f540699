"""Configuration files: TOML, YAML 1.2 and JSON, what they include, and where each key stands."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import _positions as positions
from ._errors import ConfigError, closest
from ._positions import Duplicate, Keys, Lines
from ._shapes import as_list, as_table
from ._spec import INCLUDE, short_path

__all__ = ["ConfigFile", "load"]

_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}


@dataclass(frozen=True)
class ConfigFile:
    """One file that was read.

    Arguments:
        path: Its full path.
        data: What it holds, without `include`.
        text: Its text.
        format: `toml`, `yaml` or `json`.
    """

    path: str
    data: Mapping[str, object]
    text: str = field(repr=False)
    format: str

    @property
    def shown(self) -> str:
        """The path that messages show."""
        return short_path(self.path)

    @cached_property
    def lines(self) -> Lines:
        """The line of every key."""
        return _lines(self.text, self.format)

    def line(self, keys: Keys) -> int | None:
        """Gives the line of a key, or of the first in its table, or of the table around it."""
        while keys:
            for known, line in self.lines.items():
                if known[: len(keys)] == keys:
                    return line
            keys = keys[:-1]
        return None


def load(path: str, within: Sequence[str] = ()) -> list[ConfigFile]:
    """Reads a file and what it includes.

    Arguments:
        path: The file.
        within: The files that are being read, each of which includes the next.

    Returns:
        The files in rising order of precedence: what is included comes before what
        includes it.

    Raises:
        ConfigError: A file is missing, malformed, gives a key twice or includes itself.
    """
    full = os.path.abspath(path)
    if full in within:
        circle = (*within[within.index(full) :], full)
        chain = " includes ".join(f"`{short_path(part)}`" for part in circle)
        raise ConfigError(short_path(full), f"it includes itself: {chain}")
    text = _read(full, within)
    format_ = _format(full)
    data = _parsed(text, format_, short_path(full))
    own = ConfigFile(full, {k: v for k, v in data.items() if k != INCLUDE}, text, format_)
    files: list[ConfigFile] = []
    for name in _included(data, own):
        files.extend(load(os.path.join(os.path.dirname(full), name), (*within, full)))
    return [*files, own]


def _included(data: Mapping[str, object], file: ConfigFile) -> list[str]:
    value = data.get(INCLUDE, [])
    items = [value] if isinstance(value, str) else as_list(value)
    names = [name for name in items or () if isinstance(name, str)]
    if items is None or len(names) < len(items):
        reason = f"`{INCLUDE}` must be a file name or a list of file names"
        raise ConfigError(file.shown, reason, file.line((INCLUDE,)))
    return names


def _read(path: str, within: Sequence[str]) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        by = f" (included by `{short_path(within[-1])}`)" if within else ""
        raise ConfigError(short_path(path), f"there is no such file{by}{_near(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(short_path(path), f"it cannot be read: {reason}") from None


def _near(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        names = [n for n in os.listdir(folder) if os.path.splitext(n)[1] in _FORMATS]
    except OSError:
        return ""
    near = closest(name, names)
    return f"; the nearest is `{short_path(os.path.join(folder, near))}`" if near else ""


def _format(path: str) -> str:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _FORMATS:
        reason = f"`{suffix}` is no format of configuration files; use .toml, .yaml or .json"
        raise ConfigError(short_path(path), reason)
    return _FORMATS[suffix]


def _lines(text: str, format_: str) -> Lines:
    readers: dict[str, Callable[[str], Lines]] = {
        "toml": positions.toml_lines,
        "json": positions.json_lines,
        "yaml": positions.yaml_lines,
    }
    return readers[format_](text)


def _parsed(text: str, format_: str, shown: str) -> Mapping[str, object]:
    readers = {"toml": _toml, "json": _json, "yaml": _yaml}
    try:
        data = readers[format_](text, shown)
    except Duplicate as found:
        key = ".".join(found.keys)
        reason = f"the key `{key}` is given twice, first on line {found.first}"
        raise ConfigError(shown, reason, found.line) from None
    if data is None:
        return {}
    table = as_table(data)
    if table is None:
        raise ConfigError(shown, "it must hold a table of keys and values")
    return table


def _toml(text: str, shown: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _lines(text, "toml")
        reason, line = _split_position(str(error))
        raise ConfigError(shown, reason, line) from None


def _split_position(message: str) -> tuple[str, int | None]:
    """Takes the line out of `Invalid value (at line 3, column 7)`."""
    reason, at, position = message.partition(" (at line ")
    line = position.partition(",")[0]
    reason = f"it is not TOML: {reason[:1].lower()}{reason[1:]}"
    return reason, int(line) if at and line.isdigit() else None


def _json(text: str, shown: str) -> Any:
    import json

    repeated: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        table = dict(items)
        if len(table) < len(items):
            repeated.append("")
        return table

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        reason = f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise ConfigError(shown, reason, error.lineno) from None
    if repeated:
        _lines(text, "json")
    return data


def _yaml(text: str, shown: str) -> Any:
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError
    except ModuleNotFoundError:
        reason = "reading YAML needs `ruamel.yaml`; run `pip install 'ptera-cli[yaml]'`"
        raise ConfigError(shown, reason) from None
    reader: Any = YAML(typ="safe", pure=True)  # the library's annotations leave its methods untyped
    try:
        return reader.load(text)
    except MarkedYAMLError as error:
        problem: Any = error
        if type(error).__name__ == "DuplicateKeyError":
            _lines(text, "yaml")
        mark = problem.problem_mark or problem.context_mark
        reason = f"it is not YAML: {problem.problem or problem.context}"
        raise ConfigError(shown, reason, mark.line + 1 if mark else None) from None
