"""The configuration of a run written down: with sources to read, or to start the run again."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ptera_selector import focus

from ._convert import convert
from ._errors import ConfigError
from ._kinds import Rules
from ._nodes import Layer, Node, Origin, Text, leaves, sources, table_of
from ._render import FORMATS, Entry, NotWritable, as_data, rendered
from ._scalars import ConversionError
from ._settings import Applied
from ._shapes import as_list, as_table
from ._spec import Address, OptionSpec, short_path
from ._values import Chosen

__all__ = ["FORMATS", "configuration", "save"]

_SUFFIXES = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def save(
    path: str,
    specs: Sequence[OptionSpec],
    chosen: Sequence[Chosen],
    settings: Sequence[Applied],
    rules: Rules,
) -> None:
    """Writes what starts the same run again.

    Raises:
        ConfigError: The file cannot be written, or a value cannot stand in such a file.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _SUFFIXES:
        reason = f"`{suffix}` is no format to save to; use .toml, .yaml or .json"
        raise ConfigError(path, reason)
    text = configuration(_SUFFIXES[suffix], specs, chosen, settings, rules, path)
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(short_path(path), f"it cannot be written: {error.strerror}") from None


def configuration(
    format_: str,
    specs: Sequence[OptionSpec],
    chosen: Sequence[Chosen],
    settings: Sequence[Applied],
    rules: Rules,
    path: str = "",
) -> str:
    """Gives the text of a configuration file with the value and the source of every option.

    Arguments:
        format_: `toml`, `yaml` or `json`.
        specs: All options.
        chosen: What each variable gets.
        settings: What is set by selectors.
        rules: What values may be.
        path: The file that the text is for, for messages.

    Raises:
        ConfigError: A value cannot stand in such a file.
    """
    assert format_ in FORMATS
    try:
        entries = [
            *_options(specs, chosen, rules, format_),
            *_set(settings, chosen, rules, format_),
        ]
        return rendered(entries, format_).lstrip("\n")
    except NotWritable as error:
        others = " or ".join(f".{other}" for other in FORMATS if other != format_)
        reason = f"{error} cannot be written as {format_.upper()}; try {others}"
        raise ConfigError(path or "--print-config", reason) from None


def _options(
    specs: Iterable[OptionSpec], chosen: Iterable[Chosen], rules: Rules, format_: str
) -> Iterator[Entry]:
    deciding = {id(one.given): one.given for one in chosen}
    by_name = {given.spec.name: given for given in deciding.values()}
    group = ""
    for spec in specs:
        given = by_name.get(spec.name)
        is_part = len(spec.addresses) == 1 and "." in spec.name
        if given is None and is_part:
            continue
        heading = spec.group if spec.group != group else ""
        group = spec.group
        keys = tuple(spec.name.split("."))
        if given is None:
            kind = "required by" if spec.required else "default of"
            note = f"{kind} {spec.place}"
            text = spec.default if spec.default is not None else "..."
            yield Entry(keys, text=text, note=note.replace("`", ""), heading=heading)
        else:
            data = _data(given.value, spec.type, given.node, rules, format_, spec.name)
            yield Entry(keys, data, note=sources(given.origins), heading=heading)


def _data(
    value: object, type_: object, node: Node, rules: Rules, format_: str, subject: str
) -> object:
    """Gives a value as data which, read again, gives that value."""
    try:
        data = as_data(value)
    except NotWritable:
        return _as_written(node, subject)
    if format_ == "toml":
        data = _without_none(data)
    origin = Origin(Layer.FILE, subject)
    try:
        again = convert(table_of(data, origin), type_, rules)
    except ConversionError:
        raise NotWritable(f"the value of `{subject}`") from None
    if again != value and repr(again) != repr(value):
        raise NotWritable(f"the value of `{subject}`")
    return data


def _without_none(data: object) -> object:
    table, items = as_table(data), as_list(data)
    if table is not None:
        return {key: _without_none(item) for key, item in table.items()}
    if items is not None:
        return [_without_none(item) for item in items]
    return "None" if data is None else data


def _as_written(node: Node, subject: str) -> object:
    """Gives the text of a value that was named, such as an import path."""
    (leaf, *more) = leaves(node)
    if more:
        raise NotWritable(f"the value of `{subject}`")
    if isinstance(leaf.raw, Text):
        return leaf.raw.words[0] if len(leaf.raw.words) == 1 else list(leaf.raw.words)
    return leaf.raw.value


def _set(
    settings: Sequence[Applied], chosen: Sequence[Chosen], rules: Rules, format_: str
) -> Iterator[Entry]:
    """Gives the selectors in the order in which they apply.

    Within one file they apply after all options, so an option of a higher source than some
    selector follows that selector, written as one.
    """
    if not settings:
        return
    lowest: dict[str | None, int] = {}
    for applied in reversed(settings):
        lowest[_variable(applied)] = applied.origin.rank
    later = [one for one in chosen if one.given.rank > _lowest(one, lowest)]
    ordered: list[Applied | Chosen] = sorted([*settings, *later], key=_rank)
    entries: dict[str, Entry] = {}
    for item in ordered:
        if isinstance(item, Applied):
            written, note = item.setting.selector, str(item.origin)
            data = _data(item.value, item.type, item.setting.value, rules, format_, written)
        else:
            written, note = _selector(item.address, chosen), sources(item.given.origins)
            given, type_ = item.given, item.address.type
            data = _data(given.value, type_, given.node, rules, format_, written)
        entries.pop(written, None)
        entries[written] = Entry(("set", written), data, note=note.replace("\n", " "))
    yield from entries.values()


def _selector(address: Address, chosen: Iterable[Chosen]) -> str:
    """Gives the selector of a variable: by its function's name, if no other function has it."""
    same = {c.address.module for c in chosen if c.address.function == address.function}
    if len(same) > 1 or address.outer is not None:
        return address.selector
    return f"{address.function} > {address.variable}"


def _variable(applied: Applied) -> str | None:
    """Gives the variable that a selector sets, None for `$x`, which may be any."""
    capture = focus(applied.selector)
    return None if capture is None else capture.variable


def _lowest(chosen: Chosen, ranks: Mapping[str | None, int]) -> float:
    """Gives the rank of the lowest selector that may set the same variable."""
    found = [ranks[name] for name in (chosen.address.variable, None) if name in ranks]
    return min(found, default=math.inf)


def _rank(item: Applied | Chosen) -> tuple[int, bool]:
    if isinstance(item, Applied):
        return item.origin.rank, True
    return item.given.rank, False
