"""Which value each variable gets, from all layers, and where it came from."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ._convert import convert
from ._described import described
from ._errors import (
    MissingOptionError,
    NotAppendableError,
    NothingToAppendError,
    ValueRefusedError,
)
from ._kinds import Kind, Rules, kind_of, members
from ._literals import literal
from ._nodes import Appended, Data, Layer, Leaf, Node, Origin, merged, origins
from ._scalars import ConversionError
from ._shapes import as_items
from ._sources import Source
from ._spec import Address, OptionSpec

__all__ = ["Chosen", "Given", "given_values", "chosen_values", "refused", "require"]


class Given(NamedTuple):
    """An option that some layer gives a value.

    Arguments:
        spec: The option.
        value: The value.
        node: What the layers wrote.
        origins: Where it came from, the lowest layer first; several where tables merged.
    """

    spec: OptionSpec
    value: object
    node: Node
    origins: tuple[Origin, ...]

    @property
    def rank(self) -> int:
        """The place of its highest source among all sources."""
        return self.origins[-1].rank


class Chosen(NamedTuple):
    """The value that one variable gets.

    Arguments:
        address: The variable.
        given: The option that decides, and its value.
    """

    address: Address
    given: Given


def given_values(
    specs: Iterable[OptionSpec], sources: Sequence[Source], rules: Rules
) -> dict[str, Given]:
    """Gives the options that layers give values, by name.

    Arguments:
        specs: All options.
        sources: The layers, the lowest first.
        rules: What values may be.

    Raises:
        ValueRefusedError: A value does not fit.
        NothingToAppendError: Items are appended to a list that is not known.
    """
    given: dict[str, Given] = {}
    for spec in specs:
        node: Node | None = None
        for source in sources:
            if spec.name in source.nodes:
                node = merged(node, source.nodes[spec.name])
        if node is not None:
            based = _with_base(node, spec)
            value = _converted(based, spec, rules)
            given[spec.name] = Given(spec, value, based, origins(based))
    return given


def _with_base(node: Node, spec: OptionSpec) -> Node:
    """Appends to the code's own list, where it is written as a literal."""
    if not isinstance(node, Appended):
        return node
    if all(kind_of(member) is not Kind.LIST for member in members(spec.type)):
        raise NotAppendableError(node.extra.origin.pointer, described(spec.type), spec.place)
    if node.base is not None:
        return Appended(_with_base(node.base, spec), node.extra)
    items = as_items(literal(spec.default)) if spec.default is not None else None
    if items is None:
        raise NothingToAppendError(node.extra.origin.pointer, spec.default, spec.place)
    return Appended(Leaf(Data(items), Origin(Layer.CODE, "default")), node.extra)


def _converted(node: Node, spec: OptionSpec, rules: Rules) -> object:
    try:
        return convert(node, spec.type, rules)
    except ConversionError as error:
        raise refused(error, origins(node)[-1], spec) from None


def refused(
    error: ConversionError, origin: Origin, spec: OptionSpec | None = None
) -> ValueRefusedError:
    """Gives the error that a user sees for a value that does not fit."""
    where = error.origin or origin
    keys = [f".{key}" if isinstance(key, str) else f"[{key}]" for key in error.path]
    subject = where.pointer + "".join(keys)
    place = spec.place if spec is not None else None
    return ValueRefusedError(subject, error.found, error.expected, error.nearest, place)


def chosen_values(specs: Iterable[OptionSpec], given: dict[str, Given]) -> list[Chosen]:
    """Decides for every variable: the higher source wins, then the option of that one alone."""
    best: dict[tuple[str, str, str], Chosen] = {}
    for spec in specs:
        mine = given.get(spec.name)
        if mine is None:
            continue
        for address in spec.addresses:
            key = (address.module, address.function, address.variable)
            other = best.get(key)
            if other is None or _order(mine) >= _order(other.given):
                best[key] = Chosen(address, mine)
    return list(best.values())


def _order(given: Given) -> tuple[int, bool]:
    return given.rank, len(given.spec.addresses) == 1


def require(specs: Iterable[OptionSpec], chosen: Iterable[Chosen]) -> None:
    """Checks that every variable without a default has a value.

    Raises:
        MissingOptionError: One has none.
    """
    known = {(c.address.module, c.address.function, c.address.variable) for c in chosen}
    for spec in specs:
        for address in spec.addresses:
            key = (address.module, address.function, address.variable)
            if address.required and key not in known:
                raise MissingOptionError(spec.flag, described(spec.type), address.place)
