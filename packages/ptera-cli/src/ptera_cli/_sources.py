"""What each layer says, option by option: files, environment and command line as nodes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ._described import shown_type
from ._errors import ConfigKeyError, SettingError, closest
from ._kinds import Kind, kind_of, members, takes
from ._literals import literal
from ._nodes import Appended, Data, Layer, Leaf, Node, Origin, Table, Text, merged, table_of
from ._shapes import as_table
from ._spec import INCLUDE, SET, OptionSpec, option_key
from ._tokens import Occurrence

if TYPE_CHECKING:
    from ._config import ConfigFile

__all__ = [
    "Names",
    "Setting",
    "Source",
    "environment",
    "from_command_line",
    "from_file",
]


class Setting(NamedTuple):
    """A selector and the value for its focus, as one source gave it."""

    selector: str
    value: Leaf


class Source(NamedTuple):
    """What one file, the environment, or the command line says.

    Arguments:
        nodes: The values, by the name of the option.
        settings: Selectors with their values, in the order in which they stand.
    """

    nodes: Mapping[str, Node]
    settings: tuple[Setting, ...] = ()


class Names(NamedTuple):
    """The names under which files and the environment know the options.

    Arguments:
        specs: By name and by every other name that is accepted.
        elsewhere: Names that belong to other commands of the program: files may hold them.
    """

    specs: Mapping[str, OptionSpec]
    elsewhere: frozenset[str] = frozenset()

    def find(self, name: str) -> OptionSpec | None:
        """Gives the option of that name, dashes and underscores being the same."""
        return self.specs.get(option_key(name))

    def begins(self, name: str) -> bool:
        """Tells whether names of options begin with this one and a dot."""
        start = option_key(name) + "."
        return any(key.startswith(start) for key in (*self.specs, *self.elsewhere))


def from_file(file: "ConfigFile", names: Names, rank: int) -> Source:
    """Gives what a file says.

    Arguments:
        file: The file.
        names: The options that there are.
        rank: The file's place among all sources.

    Raises:
        ConfigKeyError: A key is no option.
    """
    nodes: dict[str, Node] = {}
    settings: list[Setting] = []
    for key, value in file.data.items():
        if key == SET and names.find(SET) is None:
            settings.extend(_settings(file, value, rank))
        else:
            _read_key(file, (key,), value, names, rank, nodes)
    return Source(nodes, tuple(settings))


def _read_key(
    file: "ConfigFile",
    keys: tuple[str, ...],
    value: object,
    names: Names,
    rank: int,
    nodes: dict[str, Node],
) -> None:
    dotted = ".".join(keys)
    spec = names.find(dotted.removesuffix("+"))
    if spec is not None:
        origin = _origin(file, keys, rank)
        whole = Leaf(Data(value), origin)
        node = _spread(table_of(value, origin) if _has_keys(spec.type) else whole, spec.type)
        if dotted.endswith("+"):
            node = Appended(None, whole)
        known = nodes.get(spec.name)
        if known is not None and not isinstance(node, Appended) and not isinstance(known, Appended):
            raise ConfigKeyError(dotted, str(origin), None, spec.place, same_as=spec.name)
        nodes[spec.name] = merged(known, node)
    elif as_table(value) is not None and names.begins(dotted):
        for key, inner in (as_table(value) or {}).items():
            _read_key(file, (*keys, key), inner, names, rank, nodes)
    elif option_key(dotted.removesuffix("+")) not in names.elsewhere:
        raise _unknown(file, keys, names)


def _origin(file: "ConfigFile", keys: tuple[str, ...], rank: int) -> Origin:
    subject = ".".join(keys)
    return Origin(Layer.FILE, subject, rank, file.shown, file.line, keys)


def _unknown(file: "ConfigFile", keys: tuple[str, ...], names: Names) -> ConfigKeyError:
    dotted = ".".join(keys)
    source = str(_origin(file, keys, 0))
    nearest = closest(option_key(dotted), [*names.specs, SET, INCLUDE])
    found = names.find(nearest or "")
    place = found.place if found is not None else None
    return ConfigKeyError(dotted, source, nearest, place)


def _settings(file: "ConfigFile", value: object, rank: int) -> Iterable[Setting]:
    table = as_table(value)
    if table is None:
        where = str(_origin(file, (SET,), rank))
        raise SettingError(where, '`set` must be a table, such as `"layer[1] > T" = 10`')
    for selector, item in table.items():
        origin = _origin(file, (SET, selector), rank)
        if as_table(item) is not None:
            reason = f"`{selector}` holds a table; a selector goes in quotes"
            raise SettingError(str(origin), reason)
        yield Setting(selector, Leaf(Data(item), origin._replace(subject=selector)))


def environment(
    specs: Iterable[OptionSpec], prefix: str, variables: Mapping[str, str], rank: int
) -> Source:
    """Gives what environment variables say: `PREFIX_LR`, `PREFIX_TRAIN__LR`.

    Examples:
        >>> spec = OptionSpec("lr", float)
        >>> source = environment([spec], "TRAIN", {"TRAIN_LR": "0.5"}, 1)
        >>> source.nodes["lr"].raw
        Text(words=('0.5',))
    """
    nodes: dict[str, Node] = {}
    for spec in specs:
        variable = environment_name(prefix, spec.name)
        if variable in variables:
            words = _words(variables[variable], spec.type)
            origin = Origin(Layer.ENVIRONMENT, variable, rank)
            nodes[spec.name] = _spread(Leaf(Text(words), origin), spec.type)
        for name in variables:
            if name.startswith(variable + "__") and _has_keys(spec.type):
                keys = name.removeprefix(variable + "__").lower().split("__")
                leaf = Leaf(Text((variables[name],)), Origin(Layer.ENVIRONMENT, name, rank))
                nodes[spec.name] = merged(nodes.get(spec.name), _nested(keys, leaf))
    return Source(nodes)


def environment_name(prefix: str, name: str) -> str:
    """Gives the environment variable of an option.

    Examples:
        >>> environment_name("TRAIN", "optimizer.weight_decay")
        'TRAIN_OPTIMIZER__WEIGHT_DECAY'
    """
    return f"{prefix.rstrip('_')}_{name.replace('.', '__')}".upper()


def _words(text: str, type_: object) -> tuple[str, ...]:
    """Gives the words of a variable: several where the type takes several."""
    if takes(type_) in (0, 1) or text.lstrip().startswith(("[", "{", "(")):
        return (text,)
    return tuple(text.split())


def from_command_line(
    occurrences: Iterable[Occurrence], specs: Mapping[str, OptionSpec], rank: int
) -> Source:
    """Gives what the options of a command line say, repeated ones put together."""
    nodes: dict[str, Node] = {}
    for occurrence in occurrences:
        spec = specs[occurrence.name]
        origin = Origin(Layer.COMMAND_LINE, occurrence.spelled, rank)
        leaf = Leaf(Text(occurrence.words), origin)
        known = nodes.get(spec.name)
        if occurrence.append:
            nodes[spec.name] = Appended(known, leaf)
        elif occurrence.keys:
            nodes[spec.name] = merged(known, _nested(occurrence.keys, leaf))
        elif takes(spec.type) is None and isinstance(known, Leaf) and isinstance(known.raw, Text):
            nodes[spec.name] = Leaf(Text((*known.raw.words, *occurrence.words)), origin)
        else:
            nodes[spec.name] = merged(known, _spread(leaf, spec.type))
    return Source(nodes)


def _nested(keys: Sequence[str], leaf: Leaf) -> Node:
    node: Node = leaf
    for key in reversed(keys):
        node = Table({key: node})
    return node


def _has_keys(type_: object) -> bool:
    kinds = (Kind.MAPPING, Kind.RECORD, Kind.ANY)
    return any(kind_of(member) in kinds for member in members(type_))


def _spread(node: Node, type_: object) -> Node:
    """Gives a whole table, written in one place, as parts that merge with those of others."""
    if not isinstance(node, Leaf) or not _has_keys(type_):
        return node
    words = node.raw.words if isinstance(node.raw, Text) else ()
    if isinstance(node.raw, Data) and isinstance(node.raw.value, str):
        words = (node.raw.value,)
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return table_of(as_table(literal(words[0])) or words[0], node.origin)
    kinds = {kind_of(member) for member in members(type_)}
    if len(words) == 1 and words[0] in _record_names(type_):
        return Table({"type": Leaf(Text(words), node.origin)})
    if Kind.MAPPING in kinds and words and all("=" in word for word in words):
        pairs = [word.partition("=") for word in words]
        return Table({key: Leaf(Text((v,)), node.origin.at(key)) for key, _, v in pairs})
    return node


def _record_names(type_: object) -> list[str]:
    return [shown_type(m) for m in members(type_) if kind_of(m) is Kind.RECORD]
