"""Values as the layers give them, not yet converted: where each part came from, and merging."""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ._shapes import as_table

__all__ = [
    "Appended",
    "Data",
    "Layer",
    "Leaf",
    "Node",
    "Origin",
    "Table",
    "Text",
    "leaves",
    "merged",
    "origins",
    "sources",
    "table_of",
]


class Layer(enum.IntEnum):
    """Where values come from; of two, the higher wins."""

    CODE = 0
    FILE = 1
    ENVIRONMENT = 2
    COMMAND_LINE = 3


class Origin(NamedTuple):
    """Where one value came from.

    Arguments:
        layer: The layer.
        subject: How the user would point at it: `--lr`, `TRAIN_LR`, `lr`.
        rank: Its place among the sources of all layers; of two, the higher wins.
        source: The file, for a value from a file.
        locate: Gives the line of a key in that file, when it is asked for.
        keys: The key in that file.
        part: The keys below the subject, for a part of what was written in one place.

    Examples:
        >>> print(Origin(Layer.COMMAND_LINE, "--lr"))
        --lr
        >>> origin = Origin(Layer.FILE, "opt", source="exp.toml", locate=lambda keys: len(keys))
        >>> print(origin, origin.at("lr").pointer, sep="; ")
        exp.toml:0; exp.toml:1: opt.lr
    """

    layer: Layer
    subject: str
    rank: int = 0
    source: str | None = None
    locate: Callable[[tuple[str, ...]], int | None] | None = None
    keys: tuple[str, ...] = ()
    part: tuple[str, ...] = ()

    @property
    def pointer(self) -> str:
        """What an error message points at."""
        subject = ".".join((self.subject, *self.part))
        return subject if self.source is None else f"{self}: {subject}"

    def at(self, key: str) -> "Origin":
        """Gives the origin of the part of the value that a key leads to."""
        return self._replace(part=(*self.part, key))

    def __str__(self) -> str:
        if self.source is None:
            return self.subject
        line = self.locate((*self.keys, *self.part)) if self.locate is not None else None
        return self.source if line is None else f"{self.source}:{line}"


class Text(NamedTuple):
    """Words of a command line or of an environment variable."""

    words: tuple[str, ...]


class Data(NamedTuple):
    """A value as a configuration file holds it."""

    value: object


class Leaf(NamedTuple):
    """One value, as one source gave it."""

    raw: Text | Data
    origin: Origin


class Table(NamedTuple):
    """Parts of one value, by key, possibly from several sources."""

    items: Mapping[str, "Node"]


class Appended(NamedTuple):
    """Items that go after those of a list given by a lower source (or by the code)."""

    base: "Node | None"
    extra: Leaf


Node = Leaf | Table | Appended


def merged(below: Node | None, above: Node) -> Node:
    """Puts what a higher source says over what the lower ones said.

    Tables merge key by key, everything else replaces, appended items are added.

    Examples:
        >>> file, line = Origin(Layer.FILE, "opt"), Origin(Layer.COMMAND_LINE, "--opt.lr")
        >>> low = table_of({"lr": 1, "beta": 2}, file)
        >>> high = Table({"lr": Leaf(Text(("3",)), line)})
        >>> sorted(str(leaf.origin) for leaf in leaves(merged(low, high)))
        ['--opt.lr', 'opt']
    """
    if isinstance(above, Appended):
        base = above.base if below is None else merged(below, above.base or below)
        return Appended(base, above.extra)
    if isinstance(above, Table) and isinstance(below, Table):
        items = dict(below.items)
        for key, node in above.items.items():
            items[key] = merged(items.get(key), node)
        return Table(items)
    return above


def table_of(value: object, origin: Origin) -> Node:
    """Gives data of a file as a node: mappings as tables, so that they merge."""
    table = as_table(value)
    if table is not None:
        return Table({key: table_of(item, origin.at(key)) for key, item in table.items()})
    return Leaf(Data(value), origin)


def leaves(node: Node) -> Iterator[Leaf]:
    """Gives every value of a node, the lowest source's first in a list."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Table):
        for item in node.items.values():
            yield from leaves(item)
    else:
        if node.base is not None:
            yield from leaves(node.base)
        yield node.extra


def sources(origins: Iterable[Origin]) -> str:
    """Names the sources of a value, each once."""
    return ", ".join(dict.fromkeys(str(origin) for origin in origins))


def origins(node: Node) -> tuple[Origin, ...]:
    """Gives the sources of a node, each once, the lowest first."""
    distinct = dict.fromkeys(leaf.origin for leaf in leaves(node))
    return tuple(sorted(distinct, key=lambda origin: (origin.rank, origin.layer)))
