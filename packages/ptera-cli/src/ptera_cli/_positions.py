"""On which line of a configuration file a key stands: looked for only when a message needs it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ._shapes import as_table

__all__ = ["Duplicate", "Keys", "Lines", "json_lines", "toml_lines", "yaml_lines"]

Keys = tuple[str, ...]
Lines = dict[Keys, int]


class Duplicate(Exception):
    """A key stands twice in one table: internal, the loader makes a `ConfigError` of it.

    Arguments:
        keys: The key, from the outermost table.
        first: Where it stands first.
        line: Where it stands again.
    """

    def __init__(self, keys: Keys, first: int, line: int) -> None:
        super().__init__(keys, first, line)
        self.keys = keys
        self.first = first
        self.line = line


def _note(lines: Lines, keys: Keys, line: int) -> None:
    """Notes where a key stands, which must be the only place."""
    if keys in lines:
        raise Duplicate(keys, lines[keys], line)
    lines[keys] = line


def toml_lines(text: str) -> Lines:
    r"""Gives the lines of all keys, by parsing each statement of the file alone.

    Examples:
        >>> toml_lines("a = 1\n[t]\nb = [\n  2,\n]\nc.d = 3\n")
        {('a',): 1, ('t',): 2, ('t', 'b'): 3, ('t', 'c', 'd'): 6}
    """
    lines: Lines = {}
    headers: Lines = {}
    table: Keys | None = ()  # None: in an array of tables, whose keys have no path
    for line, statement, parsed in _statements(text):
        found = list(_paths(parsed))
        if statement.startswith("[["):
            table = None
            lines.setdefault(found[0], line)
        elif statement.startswith("["):
            table = found[0]
            _note(headers, table, line)
            lines.setdefault(table, line)
        elif table is not None:
            for keys in found:
                _note(lines, (*table, *keys), line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    import tomllib

    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        pending += line + "\n"
        try:
            parsed = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        yield start, pending.lstrip(), parsed
        pending = ""


def _paths(parsed: Mapping[str, Any]) -> Iterator[Keys]:
    """Gives the path of every value; an array of tables is the table that it begins."""
    for key, value in parsed.items():
        inner = as_table(value[0] if value == [{}] else value)
        if inner:
            for keys in _paths(inner):
                yield (key, *keys)
        else:
            yield (key,)


_JSON_TOKEN = r'"(?:\\.|[^"\\])*"|[{}\[\],:]|\n'


def json_lines(text: str) -> Lines:
    r"""Gives the lines of all keys.

    Examples:
        >>> json_lines('{"a": 1,\n "t": {"b": [{"c": 2}]}}')
        {('a',): 1, ('t',): 2, ('t', 'b'): 2}
    """
    lines: Lines = {}
    line = 1
    path: list[str | None] = []  # None: a list, whose items have no names
    string = ""
    for token in re.findall(_JSON_TOKEN, text):
        if token == "\n":
            line += 1
        elif token == ":":
            path[-1] = _unquoted(string)
            if None not in path:
                _note(lines, tuple(key for key in path if key is not None), line)
        elif token == "{":
            path.append("")
        elif token == "[":
            path.append(None)
        elif token in ("}", "]"):
            path.pop()
        else:
            string = token
    return lines


def _unquoted(string: str) -> str:
    import json

    return str(json.loads(string))


def yaml_lines(text: str) -> Lines:
    """Gives the lines of all keys."""
    from ruamel.yaml import YAML

    lines: Lines = {}
    reader: Any = YAML(typ="safe", pure=True)  # the library's annotations leave its methods untyped
    _note_yaml(reader.compose(text), (), lines)
    return lines


def _note_yaml(node: Any, path: Keys, lines: Lines) -> None:
    if getattr(node, "id", None) != "mapping":
        return
    for key, value in node.value:
        keys = (*path, str(key.value))
        _note(lines, keys, key.start_mark.line + 1)
        _note_yaml(value, keys, lines)
