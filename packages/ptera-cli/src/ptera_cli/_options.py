"""From a catalogue of variables to options: names, types, help, groups."""

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, get_args, get_origin

from ptera import Tag, TagSet

from ._described import shown_type
from ._directives import Directives, read_comment
from ._errors import DeclarationError
from ._kinds import Kind, kind_of
from ._spec import ANY, Address, OptionSpec, Place, option_key

if TYPE_CHECKING:
    from ptera import FunctionEntry, VariableEntry

__all__ = ["options_of", "type_of"]


class _Found(NamedTuple):
    """A tagged variable, and what its comment says."""

    address: Address
    help: str
    directives: Directives
    group: str


def options_of(functions: "Iterable[FunctionEntry]") -> tuple[OptionSpec, ...]:
    """Gives the options for the variables of a catalogue.

    Arguments:
        functions: Functions with the variables that shall be options.

    Returns:
        One option for each name, in the order of the catalogue; where several functions have
        a variable of that name, also one for each of these functions alone.

    Raises:
        DeclarationError: Declarations of one name cannot be one option, or two options ask
            for one spelling.
    """
    entries = list(functions)
    labels = _labels(entries)
    by_name: dict[str, list[tuple[_Found, str]]] = {}
    for entry in entries:
        for variable in entry.variables:
            found = _found(entry, variable)
            name = option_key(variable.name.rpartition(".")[2])
            by_name.setdefault(name, []).append((found, f"{labels[_key(entry)]}.{name}"))
    specs: list[OptionSpec] = []
    for name, declared in by_name.items():
        specs.extend(_specs(name, declared))
    _check_spellings(specs)
    return tuple(specs)


def _found(entry: "FunctionEntry", variable: "VariableEntry") -> _Found:
    help_, directives = read_comment(variable.comment or "")
    place = Place(entry.qualname, entry.file, variable.line)
    default = variable.default_text
    address = Address(
        module=entry.module,
        function=entry.qualname,
        variable=variable.name,
        place=place,
        type=type_of(variable),
        default=default,
        parameter=variable.kind == "parameter",
        declared=variable.kind == "declared" and default is None,
        owner=entry.owner,
        is_inner=entry.function is None,
    )
    where = place._replace(line=entry.line).short
    return _Found(address, help_, directives, directives.group or f"{entry.qualname} ({where})")


def type_of(variable: "VariableEntry") -> object:
    """Gives the type that a variable's annotation declares, or that its default shows.

    Where an annotation holds only a tag, a number, a string or a bool as default says what
    values are meant; anything else leaves it open, as no annotation does.
    """
    annotation = variable.annotation
    types_ = [t for t in _members(annotation, variable.tags) if not isinstance(t, Tag)]
    if types_ or variable.tags is None:
        return types_[0] if types_ else ANY
    try:
        value = ast.literal_eval(variable.default_text or "None")
    except (ValueError, SyntaxError):
        return ANY
    return type(value) if isinstance(value, bool | int | float | str) else ANY


def _members(annotation: object, tags: TagSet | None) -> Sequence[object]:
    if tags is not None:
        return tags.members
    return () if annotation is None else (annotation,)


def _key(entry: "FunctionEntry") -> tuple[str, str]:
    return entry.module, entry.qualname


def _labels(entries: "Sequence[FunctionEntry]") -> dict[tuple[str, str], str]:
    """Gives each function the shortest dotted name that no other function has."""
    parts = {_key(e): _parts(e) for e in entries if e.variables}
    labels: dict[tuple[str, str], str] = {}
    for key, mine in parts.items():
        others = [other for other_key, other in parts.items() if other_key != key]
        length = 1
        while length < len(mine) and any(o[-length:] == mine[-length:] for o in others):
            length += 1
        labels[key] = ".".join(mine[-length:])
    return {_key(entry): labels.get(_key(entry), entry.name) for entry in entries}


def _parts(entry: "FunctionEntry") -> list[str]:
    names = f"{entry.module}.{entry.qualname}".split(".")
    return [option_key(name) for name in names if name != "<locals>"]


def _specs(name: str, declared: Sequence[tuple[_Found, str]]) -> list[OptionSpec]:
    type_ = _common_type(name, [found.address for found, _ in declared])
    all_ = [found for found, _ in declared]
    spec = _spec(name, type_, all_)
    if len(declared) == 1:
        return [spec._replace(aliases=(_long(declared[0][1]),))]
    alone = [
        _spec(label, found.address.type, [found])._replace(flags=(_long(label),), positional=False)
        for found, label in declared
    ]
    shared = spec._replace(alone=tuple(one.name for one in alone), default=_defaults(all_))
    return [shared, *alone]


def _defaults(declared: Sequence[_Found]) -> str | None:
    """Gives the one default, or each function's own."""
    texts = {found.address.default for found in declared}
    if len(texts) == 1:
        return texts.pop()
    each = [f"{f.address.default} in {f.address.function}" for f in declared if f.address.default]
    return ", ".join(each) or None


def _spec(name: str, type_: object, declared: Sequence[_Found]) -> OptionSpec:
    first = declared[0]
    directives = first.directives
    is_flag = kind_of(type_) is Kind.BOOL
    positional = any(found.directives.positional for found in declared)
    aliases = [alias for found in declared for alias in found.directives.aliases]
    negatives = [flag for found in declared for flag in found.directives.negatives]
    return OptionSpec(
        name=name,
        type=type_,
        flags=() if positional else tuple(dict.fromkeys((_long(name), *aliases))),
        negatives=(f"--no-{_long(name)[2:]}", *negatives) if is_flag and not positional else (),
        positional=positional,
        help=next((found.help for found in declared if found.help), ""),
        default=first.address.default,
        metavar=directives.metavar,
        group=first.group,
        addresses=tuple(found.address for found in declared),
    )


def _long(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _common_type(name: str, addresses: Sequence[Address]) -> object:
    """Gives the type that all declarations of a name agree on."""
    known = [address for address in addresses if address.type is not ANY]
    if not known:
        return ANY
    first = known[0]
    for other in known[1:]:
        if not _same_type(first.type, other.type):
            reason = f"is declared as `{shown_type(first.type)}` and as `{shown_type(other.type)}`"
            raise DeclarationError(name, reason, (first.place, other.place))
    return first.type


def _same_type(left: object, right: object) -> bool:
    if get_origin(left) is not None and get_origin(left) == get_origin(right):
        return get_args(left) == get_args(right)
    return left == right


def _check_spellings(specs: Iterable[OptionSpec]) -> None:
    owners: dict[str, OptionSpec] = {}
    for spec in specs:
        for flag in (*spec.flags, *spec.negatives):
            other = owners.setdefault(flag.replace("_", "-"), spec)
            if other is not spec and spec.place is not None and other.place is not None:
                reason = "is the spelling of two options"
                raise DeclarationError(flag, reason, (other.place, spec.place))
