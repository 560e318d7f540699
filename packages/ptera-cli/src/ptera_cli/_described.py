"""Types in words: as one writes them in an annotation, and as messages name their values."""

from typing import get_args, get_origin

from ._kinds import Kind, choices_of, fields_of, item_type, kind_of, members, plain

__all__ = ["article", "described", "shown_type"]


def shown_type(type_: object) -> str:
    """Gives the name of a type as one would write it in an annotation.

    Examples:
        >>> shown_type(dict[str, list[int]] | None)
        'dict[str, list[int]] | None'
    """
    type_ = plain(type_)
    kind = kind_of(type_)
    if kind is Kind.ANY:
        return "any"
    if kind is Kind.NONE:
        return "None"
    if kind is Kind.UNION:
        return " | ".join(shown_type(member) for member in members(type_))
    if kind is Kind.LITERAL:
        return "|".join(choices_of(type_))
    if type_ is ...:
        return "..."
    origin = get_origin(type_)
    name = str(getattr(origin or type_, "__name__", None) or type_)
    arguments = get_args(type_)
    if not arguments or kind is Kind.NAMED:
        return name
    return f"{name}[{', '.join('...' if a is ... else shown_type(a) for a in arguments)}]"


_DESCRIBED = {
    Kind.ANY: "a literal",
    Kind.NONE: "None",
    Kind.BOOL: "true or false",
    Kind.INT: "a whole number",
    Kind.FLOAT: "a number, such as 0.1 or 1e-3",
    Kind.STR: "a string",
    Kind.BYTES: "a string",
    Kind.PATH: "a path",
}


def described(type_: object) -> str:
    """Says what the values of a type are, in the words of an error message.

    Examples:
        >>> described(int | None)
        'a whole number or None'
        >>> described(list[float])
        'a list[float], such as `1 2` or `[1, 2]`'
    """
    kind = kind_of(type_)
    if kind is Kind.UNION:
        return " or ".join(described(member) for member in members(type_))
    if kind in _DESCRIBED:
        return _DESCRIBED[kind]
    if kind in (Kind.ENUM, Kind.LITERAL):
        return f"one of {', '.join(choices_of(type_))}"
    if kind is Kind.MOMENT:
        return _described_moment(type_)
    return article(shown_type(type_)) + _sample(type_, kind)


def _described_moment(type_: object) -> str:
    name = shown_type(type_)
    samples = {
        "date": "2026-01-31",
        "datetime": "2026-01-31T12:30:00",
        "time": "12:30:00",
    }
    return f"a {name}, such as {samples.get(name, '')}"


def _sample(type_: object, kind: Kind) -> str:
    if kind is Kind.LIST:
        item = kind_of(item_type(type_))
        if item in (Kind.INT, Kind.FLOAT, Kind.ANY):
            return ", such as `1 2` or `[1, 2]`"
        if item in (Kind.LIST, Kind.TUPLE):
            return ", such as `[[1, 2], [3, 4]]`"
        if item in (Kind.RECORD, Kind.MAPPING):
            return ", in JSON"
        return ', such as `a b` or `["a", "b"]`'
    if kind is Kind.TUPLE:
        return f" of {len(get_args(plain(type_)))} values"
    if kind is Kind.MAPPING:
        return ', such as `a=1` or `{"a": 1}`'
    if kind is Kind.RECORD:
        return ", such as `{" + ", ".join(f'"{f.name}": …' for f in fields_of(type_)[:2]) + "}`"
    return ""


def article(noun: str) -> str:
    """Puts `a` or `an` before a noun.

    Examples:
        >>> article("int"), article("Path")
        ('an int', 'a Path')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
