"""From what was written to a value of the variable's type, by the same rules for all layers."""

import collections.abc
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, get_args, get_origin

from ._described import described, shown_type
from ._errors import closest
from ._kinds import (
    Kind,
    Rules,
    choices_of,
    fields_of,
    is_optional,
    item_type,
    key_and_value,
    kind_of,
    members,
    plain,
)
from ._literals import literal
from ._named import named_value
from ._nodes import Appended, Data, Leaf, Node, Origin, Table, Text, leaves
from ._scalars import READERS, ConversionError
from ._shapes import as_items, as_list, as_table

__all__ = ["ConversionError", "convert", "from_data", "from_words"]


def convert(node: Node, type_: object, rules: Rules) -> object:
    """Gives the value that a node stands for.

    Arguments:
        node: What the layers gave, merged.
        type_: The type that the variable declares.
        rules: What values may be.

    Returns:
        The value.

    Raises:
        ConversionError: A part of it does not fit the type.

    Examples:
        >>> from ptera_cli._nodes import Layer
        >>> origin = Origin(Layer.COMMAND_LINE, "--steps")
        >>> convert(Leaf(Text(("1e6",)), origin), int, Rules())
        1000000
    """
    if isinstance(node, Leaf):
        try:
            if isinstance(node.raw, Text):
                return from_words(node.raw.words, type_, rules)
            return from_data(node.raw.value, type_, rules)
        except ConversionError as error:
            raise error.of(node.origin) from None
    if isinstance(node, Table):
        return _from_table(node, type_, rules)
    return _appended(node, type_, rules)


def _appended(node: Appended, type_: object, rules: Rules) -> object:
    target = next((member for member in members(type_) if kind_of(member) is Kind.LIST), type_)
    before = None if node.base is None else as_items(convert(node.base, type_, rules))
    extra = as_items(convert(node.extra, type_, rules))
    return _collected([*(before or ()), *(extra or ())], target)


def _from_table(table: Table, type_: object, rules: Rules) -> object:
    def part(key: str, node: Node, type_: object) -> object:
        try:
            return convert(node, type_, rules)
        except ConversionError as error:
            raise error.within(key) from None

    fitting = [m for m in members(type_) if kind_of(m) in (Kind.MAPPING, Kind.RECORD, Kind.ANY)]
    if "type" in table.items:
        named = [m for m in fitting if shown_type(m) == _word(table.items["type"])]
        fitting = named or fitting
    attempts = [partial(_from_mapping, table.items, member, rules, part) for member in fitting]
    if len(attempts) == 1:
        return attempts[0]()
    return _first_fitting(attempts, ConversionError("a table", described(type_)))


def _word(node: Node) -> object:
    """Gives the one word or string that a node is, None where it is more."""
    if not isinstance(node, Leaf):
        return None
    raw = node.raw
    return raw.value if isinstance(raw, Data) else raw.words[0] if len(raw.words) == 1 else None


Part = Callable[[str, Any, object], object]


def _from_mapping(items: Mapping[str, Any], type_: object, rules: Rules, part: Part) -> object:
    kind = kind_of(type_)
    if kind is Kind.ANY:
        return {key: part(key, item, type_) for key, item in items.items()}
    if kind is Kind.MAPPING:
        key_type, value_type = key_and_value(type_)
        return {
            _text(key, key_type, rules): part(key, item, value_type) for key, item in items.items()
        }
    if kind is Kind.RECORD:
        return _record(items, type_, part)
    raise ConversionError("a table", described(type_))


def _record(items: Mapping[str, Any], type_: object, part: Part) -> object:
    fields = {field.name: field for field in fields_of(type_)}
    given = {key.replace("-", "_"): item for key, item in items.items()}
    tag = given.pop("type", None) if "type" not in fields else None
    if tag is not None and part("type", tag, str) != shown_type(type_):
        raise ConversionError(str(part("type", tag, str)), f"`{shown_type(type_)}`", path=("type",))
    for key, item in given.items():
        if key not in fields:
            expected = f"a field of {shown_type(type_)}"
            raise ConversionError(key, expected, closest(key, fields), origin=_first_origin(item))
    missing = [f.name for f in fields.values() if f.required and f.name not in given]
    if missing:
        found = ", ".join(given) or "nothing"
        raise ConversionError(found, f"a whole {shown_type(type_)}: `{missing[0]}` is missing")
    values = {key: part(key, item, fields[key].type) for key, item in given.items()}
    constructor: Any = get_origin(plain(type_)) or plain(type_)
    return constructor(**values)


def _first_origin(item: object) -> Origin | None:
    """Gives the source of an item that is a node; other items are parts of one value."""
    if not isinstance(item, Leaf | Table | Appended):
        return None
    return next((leaf.origin for leaf in leaves(item)), None)


def _first_fitting(attempts: Sequence[Callable[[], object]], otherwise: ConversionError) -> object:
    errors: list[ConversionError] = []
    for attempt in attempts:
        try:
            return attempt()
        except ConversionError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0] from None
    raise otherwise from None


def from_words(words: Sequence[str], type_: object, rules: Rules) -> object:
    """Gives the value that words of a command line stand for.

    Examples:
        >>> from_words(["1", "2"], list[int], Rules()), from_words(["[1, 2]"], list[int], Rules())
        ([1, 2], [1, 2])
    """
    kinds = [kind_of(member, rules) for member in members(type_)]
    if len(words) == 1 and Kind.LIST not in kinds and Kind.TUPLE not in kinds:
        return _text(words[0], type_, rules)
    several = [
        member
        for member in members(type_)
        if kind_of(member) in (Kind.LIST, Kind.TUPLE, Kind.MAPPING)
        or (kind_of(member) is Kind.ANY and len(words) != 1)
    ]
    attempts = [partial(_several, words, member, rules) for member in several]
    if len(words) == 1:
        attempts.insert(0, partial(_text, words[0], type_, rules))
    errors: list[ConversionError] = []
    for attempt in attempts:
        try:
            return attempt()
        except ConversionError as error:
            errors.append(error)
    raise _telling(errors, words, type_) from None


def _telling(
    errors: Sequence[ConversionError], words: Sequence[str], type_: object
) -> ConversionError:
    """Gives the error that tells most about what was meant."""
    if len(words) == 1 and words[0].lstrip().startswith(("[", "{", "(")):
        return errors[0]
    if len(members(type_)) == 1 and errors:
        return errors[-1]
    return ConversionError(" ".join(words), described(type_))


def _several(words: Sequence[str], type_: object, rules: Rules) -> object:
    kind = kind_of(type_)
    if kind is Kind.MAPPING:
        return _pairs(words, type_, rules)
    if kind is Kind.TUPLE:
        types_ = get_args(plain(type_))
        if len(words) != len(types_):
            raise ConversionError(" ".join(words), described(type_))
        return tuple(
            _at(at, partial(_text, word, inner, rules))
            for at, (word, inner) in enumerate(zip(words, types_, strict=True))
        )
    items = [
        _at(at, partial(_text, word, item_type(type_), rules)) for at, word in enumerate(words)
    ]
    return _collected(items, type_)


def _pairs(words: Sequence[str], type_: object, rules: Rules) -> object:
    key_type, value_type = key_and_value(type_)
    values: dict[object, object] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise ConversionError(word, described(type_))
        try:
            values[_text(key, key_type, rules)] = _text(text, value_type, rules)
        except ConversionError as error:
            raise error.within(key) from None
    return values


def _at(index: int | str, attempt: Callable[[], object]) -> object:
    try:
        return attempt()
    except ConversionError as error:
        raise error.within(index) from None


def _collected(items: list[object], type_: object) -> object:
    """Gives items as the kind of collection that the type asks for."""
    origin = get_origin(plain(type_)) or plain(type_)
    if origin in (tuple,):
        return tuple(items)
    if origin in (set, collections.abc.Set, collections.abc.MutableSet):
        return set(items)
    return frozenset(items) if origin is frozenset else items


def _text(text: str, type_: object, rules: Rules) -> object:
    """Gives the value that one word stands for."""
    if rules.names is not None and text.startswith(":"):
        return named_value(text, type_, rules.names, ConversionError)
    kind = kind_of(type_, rules)
    if kind is Kind.UNION:
        return _text_of_union(text, type_, rules)
    reader = READERS.get(kind)
    if reader is not None:
        return reader(text, type_)
    if kind is Kind.PARSED:
        return _parsed(text, type_, rules)
    if kind is Kind.NAMED:
        return named_value(text, type_, rules.names, ConversionError)
    return _bracketed(text, type_, rules)


def _bracketed(text: str, type_: object, rules: Rules) -> object:
    """Reads a whole container from one word, written as JSON or as a Python literal."""
    if not text.lstrip().startswith(("[", "{", "(")):
        raise ConversionError(text, described(type_))
    value = literal(text)
    if value is text:
        raise ConversionError(text, f"{described(type_)} (the brackets do not hold JSON)")
    return from_data(value, type_, rules)


# A union reads a word as the first of these kinds that fits: a string fits always.
_UNION_ORDER = (
    Kind.NONE, Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.LITERAL, Kind.ENUM, Kind.MOMENT,
    Kind.PARSED, Kind.LIST, Kind.TUPLE, Kind.MAPPING, Kind.RECORD, Kind.NAMED, Kind.ANY,
    Kind.PATH, Kind.BYTES, Kind.STR,
)  # fmt: skip


def _text_of_union(text: str, type_: object, rules: Rules) -> object:
    exact = literal(text)
    for member in members(type_):
        if kind_of(member) in (Kind.INT, Kind.FLOAT) and _fits(exact, plain(member)):
            return exact
    ordered = sorted(members(type_), key=lambda member: _UNION_ORDER.index(kind_of(member, rules)))
    record = _record_by_name(text, ordered)
    if record is not None:
        return record
    choices = choices_of(type_)
    nearest = closest(text, choices) if choices else None
    return _first_fitting(
        [partial(_text, text, member, rules) for member in ordered],
        ConversionError(text, described(type_), nearest),
    )


def _record_by_name(text: str, types_: Iterable[object]) -> object | None:
    """Gives the record of that name with all its defaults: `--opt Adam`."""
    for type_ in types_:
        if kind_of(type_) is Kind.RECORD and shown_type(type_) == text:
            return _record({}, type_, lambda key, item, type_: item)
    return None


def _parsed(text: str, type_: object, rules: Rules) -> object:
    own = (rules.converters or {}).get(plain(type_))
    constructor: Any = own or plain(type_)
    try:
        return constructor(text)
    except Exception as error:
        if own is not None:
            reason = str(error) or type(error).__name__
            raise ConversionError(text, f"{described(type_)} ({reason})") from error
        raise ConversionError(text, described(type_)) from None


def from_data(value: object, type_: object, rules: Rules) -> object:
    """Gives the value that data of a file (or within brackets) stands for.

    A string means what the same word means on a command line, except where strings
    are among the values that fit.

    Examples:
        >>> from_data("1e-3", float, Rules()), from_data(["1", 2], list[int], Rules())
        (0.001, [1, 2])
    """
    kind = kind_of(type_, rules)
    if kind is Kind.ANY:
        return value
    if kind is Kind.UNION:
        return _data_of_union(value, type_, rules)
    if isinstance(value, str):
        return value if kind is Kind.STR else _text(value, type_, rules)
    table = as_table(value)
    if table is not None:
        return _from_mapping(
            table,
            type_,
            rules,
            lambda key, item, inner: _at(key, partial(from_data, item, inner, rules)),
        )
    listed = as_list(value)
    if listed is not None:
        return _items(listed, type_, rules)
    return _scalar(value, type_, kind)


def _data_of_union(value: object, type_: object, rules: Rules) -> object:
    if isinstance(value, str) and value in ("None", "null") and is_optional(type_):
        return None
    for member in members(type_):
        inner = plain(member)
        if isinstance(inner, type) and type(value) is inner and inner not in (list, dict, tuple):
            return value
    return _first_fitting(
        [partial(from_data, value, member, rules) for member in members(type_)],
        ConversionError(_shown(value), described(type_)),
    )


def _items(values: list[object], type_: object, rules: Rules) -> object:
    kind = kind_of(type_)
    if kind is Kind.TUPLE:
        types_: tuple[object, ...] = get_args(plain(type_))
        if len(values) != len(types_):
            raise ConversionError(_shown(values), described(type_))
        pairs = enumerate(zip(values, types_, strict=True))
        return tuple(_at(at, partial(from_data, v, inner, rules)) for at, (v, inner) in pairs)
    if kind is Kind.RECORD:
        names = [field.name for field in fields_of(type_)]
        if isinstance(plain(type_), type) and hasattr(plain(type_), "_fields"):
            if len(values) <= len(names):
                return from_data(dict(zip(names, values, strict=False)), type_, rules)
    if kind is not Kind.LIST:
        raise ConversionError(_shown(values), described(type_))
    inner = item_type(type_)
    return _collected(
        [_at(at, partial(from_data, value, inner, rules)) for at, value in enumerate(values)], type_
    )


def _scalar(value: object, type_: object, kind: Kind) -> object:
    if kind is Kind.LITERAL:
        for choice in get_args(plain(type_)):
            if choice == value and type(choice) is type(value):
                return choice
    elif kind is Kind.INT and isinstance(value, float) and value.is_integer():
        return int(value)
    elif kind is Kind.FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif _fits(value, plain(type_)):
        return value
    raise ConversionError(_shown(value), described(type_))


def _fits(value: object, type_: object) -> bool:
    if type_ is None or type_ is types.NoneType:
        return value is None
    return isinstance(type_, type) and type(value) is type_


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
