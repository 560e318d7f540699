"""What a type means for a command line: its kind, its choices, its fields, its name."""

import collections.abc
import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from ._spec import ANY

__all__ = [
    "Field",
    "Kind",
    "Rules",
    "choices_of",
    "fields_of",
    "is_optional",
    "item_type",
    "key_and_value",
    "kind_of",
    "members",
    "part_type",
    "plain",
    "takes",
]


class Kind(enum.Enum):
    """The ways in which texts and data become values."""

    ANY = "any"
    NONE = "None"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STR = "str"
    BYTES = "bytes"
    PATH = "path"
    MOMENT = "date"
    PARSED = "parsed"
    ENUM = "enum"
    LITERAL = "literal"
    UNION = "union"
    LIST = "list"
    TUPLE = "tuple"
    MAPPING = "mapping"
    RECORD = "record"
    NAMED = "named"


Converter = collections.abc.Callable[[str], object]


class Rules(NamedTuple):
    """What the author of the program allows values to be.

    Arguments:
        names: The names that values may refer to, and the permission to import; None
            where nothing on a command line is evaluated or imported.
        converters: Functions from text to value, for types of the author's own.
    """

    names: Mapping[str, object] | None = None
    converters: Mapping[object, Converter] | None = None


class Field(NamedTuple):
    """One field of a dataclass, a TypedDict or a NamedTuple."""

    name: str
    type: object
    required: bool


_SIMPLE: dict[object, Kind] = {
    object: Kind.ANY,
    Any: Kind.ANY,
    None: Kind.NONE,
    types.NoneType: Kind.NONE,
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.FLOAT,
    str: Kind.STR,
    bytes: Kind.BYTES,
    list: Kind.LIST,
    set: Kind.LIST,
    frozenset: Kind.LIST,
    tuple: Kind.LIST,
    dict: Kind.MAPPING,
}

# By name, so that the modules of types which a program does not use are not imported.
_NAMED_KINDS = {
    "datetime.date": Kind.MOMENT,
    "datetime.datetime": Kind.MOMENT,
    "datetime.time": Kind.MOMENT,
    "decimal.Decimal": Kind.PARSED,
    "fractions.Fraction": Kind.PARSED,
    "uuid.UUID": Kind.PARSED,
    "builtins.complex": Kind.PARSED,
    "os.PathLike": Kind.PATH,
}

_LISTS: tuple[object, ...] = (
    list,
    set,
    frozenset,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Iterable,
    collections.abc.Collection,
    collections.abc.Set,
    collections.abc.MutableSet,
)
_MAPPINGS: tuple[object, ...] = (
    dict,
    collections.abc.Mapping,
    collections.abc.MutableMapping,
)


def plain(type_: object) -> object:
    """Takes off what does not change which values fit: `Annotated`, `NewType`, aliases.

    Examples:
        >>> plain(Annotated[int, "some note"])
        <class 'int'>
    """
    while True:
        inner = _inside(type_)
        if inner is type_:
            return type_
        type_ = inner


def _inside(type_: object) -> object:
    origin = get_origin(type_)
    if origin is Annotated or origin in (typing.Required, typing.NotRequired, typing.Final):
        return get_args(type_)[0]
    if isinstance(type_, typing.NewType):
        return type_.__supertype__
    if type(type_).__name__ == "TypeAliasType":
        return getattr(type_, "__value__", ANY)
    if isinstance(type_, typing.TypeVar):
        return type_.__bound__ or ANY
    return type_


def kind_of(type_: object, rules: Rules | None = None) -> Kind:
    """Tells how values of a type are written.

    Examples:
        >>> kind_of(dict[str, int])
        <Kind.MAPPING: 'mapping'>
    """
    type_ = plain(type_)
    if rules is not None and rules.converters and _hashable(type_) and type_ in rules.converters:
        return Kind.PARSED
    if _hashable(type_) and type_ in _SIMPLE:
        return _SIMPLE[type_]
    origin = get_origin(type_)
    if origin is not None:
        return _kind_of_generic(type_, origin)
    if isinstance(type_, type):
        return _kind_of_class(type_)
    return Kind.LIST if type_ in _LISTS else Kind.NAMED


def _hashable(type_: object) -> bool:
    try:
        hash(type_)
    except TypeError:
        return False
    return True


def _kind_of_generic(type_: object, origin: object) -> Kind:
    if origin is Literal:
        return Kind.LITERAL
    if origin is Union or origin is types.UnionType:
        return Kind.UNION
    if origin is tuple:
        arguments = get_args(type_)
        return Kind.LIST if arguments[-1:] == (...,) else Kind.TUPLE
    if origin in _LISTS:
        return Kind.LIST
    if origin in _MAPPINGS:
        return Kind.MAPPING
    return _kind_of_class(origin) if isinstance(origin, type) else Kind.NAMED


def _kind_of_class(type_: type[Any]) -> Kind:
    named = _NAMED_KINDS.get(f"{type_.__module__}.{type_.__qualname__}")
    if named is not None:
        return named
    if issubclass(type_, enum.Enum):
        return Kind.ENUM
    if dataclasses.is_dataclass(type_) or _is_typed_dict(type_) or _is_named_tuple(type_):
        return Kind.RECORD
    if any(base.__name__ == "PurePath" for base in type_.__mro__):
        return Kind.PATH
    if type_ in _LISTS:
        return Kind.LIST
    return Kind.MAPPING if type_ in _MAPPINGS else Kind.NAMED


def _is_typed_dict(type_: type[Any]) -> bool:
    return typing.is_typeddict(type_)


def _is_named_tuple(type_: type[Any]) -> bool:
    return tuple in type_.__mro__ and hasattr(type_, "_fields")


def members(type_: object) -> tuple[object, ...]:
    """Gives the types of a union, or the type itself.

    Examples:
        >>> members(int | None)
        (<class 'int'>, <class 'NoneType'>)
    """
    type_ = plain(type_)
    if kind_of(type_) is not Kind.UNION:
        return (type_,)
    return tuple(inner for member in get_args(type_) for inner in members(member))


def is_optional(type_: object) -> bool:
    """Tells whether None is among the values of a type."""
    return any(kind_of(member) is Kind.NONE for member in members(type_))


def item_type(type_: object) -> object:
    """Gives the type of the items of a list, a set or a tuple of any length."""
    arguments = get_args(plain(type_))
    return arguments[0] if arguments else ANY


def key_and_value(type_: object) -> tuple[object, object]:
    """Gives the types of the keys and values of a mapping."""
    arguments = get_args(plain(type_))
    return (arguments[0], arguments[1]) if len(arguments) == 2 else (str, ANY)


def fields_of(type_: object) -> tuple[Field, ...]:
    """Gives the fields of a dataclass, a TypedDict or a NamedTuple."""
    class_: Any = get_origin(plain(type_)) or plain(type_)
    hints = _hints(class_)
    if dataclasses.is_dataclass(class_):
        return tuple(
            Field(field.name, hints.get(field.name, ANY), _is_required(field))
            for field in dataclasses.fields(class_)
            if field.init
        )
    if _is_typed_dict(class_):
        required: frozenset[str] = class_.__required_keys__
        return tuple(Field(name, hints[name], name in required) for name in hints)
    names: tuple[str, ...] = class_._fields
    defaults: dict[str, object] = class_._field_defaults
    return tuple(Field(name, hints.get(name, ANY), name not in defaults) for name in names)


def _hints(type_: type) -> dict[str, Any]:
    """Gives the annotations of a class, evaluated where that is possible."""
    try:
        return typing.get_type_hints(type_)
    except NameError:
        hints: dict[str, Any] = dict.fromkeys(getattr(type_, "__annotations__", {}), ANY)
        return hints


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def part_type(type_: object, keys: tuple[str, ...]) -> object:
    """Gives the type of the part of a value that keys lead to, `ANY` where unknown.

    Examples:
        >>> part_type(dict[str, list[int]], ("a",))
        list[int]
    """
    if not keys:
        return type_
    for member in members(type_):
        kind = kind_of(member)
        if kind is Kind.MAPPING:
            return part_type(key_and_value(member)[1], keys[1:])
        if kind is Kind.RECORD:
            name = keys[0].replace("-", "_")
            for field in fields_of(member):
                if field.name == name:
                    return part_type(field.type, keys[1:])
    return ANY


def choices_of(type_: object) -> tuple[str, ...]:
    """Gives the texts among which a value is chosen, where they are few and known.

    Examples:
        >>> choices_of(Literal["sgd", "adam"] | None)
        ('sgd', 'adam', 'None')
    """
    chosen: list[str] = []
    for member in members(type_):
        kind = kind_of(member)
        if kind is Kind.LITERAL:
            chosen.extend(_literal_text(value) for value in get_args(member))
        elif kind is Kind.ENUM:
            chosen.extend(getattr(member, "__members__", {}))
        elif kind is Kind.NONE and chosen:
            chosen.append("None")
        elif kind in (Kind.LIST,) and choices_of(item_type(member)):
            chosen.extend(choices_of(item_type(member)))
        else:
            return ()
    return tuple(chosen)


def _literal_text(value: object) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    return value if isinstance(value, str) else str(value)


def takes(type_: object) -> int | None:
    """Tells how many words a value takes after its option: none, one, some number, or any.

    Examples:
        >>> takes(bool), takes(float), takes(tuple[int, float]), takes(list[int])
        (0, 1, 2, None)
    """
    counts = {_takes_alone(member) for member in members(type_) if kind_of(member) is not Kind.NONE}
    if not counts:
        return 1
    if None in counts:
        return None
    if counts == {0}:
        return 0
    return max(1, *(count for count in counts if count is not None))


def _takes_alone(type_: object) -> int | None:
    kind = kind_of(type_)
    if kind is Kind.BOOL:
        return 0
    if kind is Kind.TUPLE:
        return len(get_args(plain(type_))) if _all_single(get_args(plain(type_))) else 1
    if kind in (Kind.LIST, Kind.MAPPING):
        return None
    return 1


def _all_single(types_: tuple[object, ...]) -> bool:
    nested = (Kind.LIST, Kind.TUPLE, Kind.MAPPING, Kind.RECORD)
    return not any(kind_of(member) in nested for type_ in types_ for member in members(type_))
