"""Tags: labels on annotations, which categories of selectors and the command line look for."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Tag", "TagSet", "enter_tag", "exit_tag", "match_tag", "tag", "tags_of"]


@dataclass(frozen=True, slots=True)
class Tag:
    """A label for annotations, made by `tag.Name`.

    Arguments:
        name: Its name, which a selector writes as `:Name` or `:@Name`.

    Examples:
        >>> tag.HyperParameter
        tag.HyperParameter
        >>> tag.Hot & tag.Tea
        tag.Hot & tag.Tea
    """

    name: str

    def __and__(self, other: object) -> "TagSet":
        return TagSet((self, *_members(other)))

    def __rand__(self, other: object) -> "TagSet":
        return TagSet((*_members(other), self))

    def __repr__(self) -> str:
        return f"tag.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (tag, self.name)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class TagSet:
    """Several labels that one annotation carries together, and possibly its type.

    Arguments:
        members: Tags, and the types that stand beside them, in the order they were written.

    Examples:
        >>> float & tag.HyperParameter
        float & tag.HyperParameter
        >>> tag.Hot & tag.Tea == tag.Tea & tag.Hot
        True
    """

    members: tuple[object, ...]

    def __init__(self, members: tuple[object, ...]) -> None:
        distinct: list[object] = []
        for member in members:
            if member not in distinct:
                distinct.append(member)
        object.__setattr__(self, "members", tuple(distinct))

    @property
    def tags(self) -> frozenset[Tag]:
        """The labels among the members."""
        return frozenset(member for member in self.members if isinstance(member, Tag))

    def __and__(self, other: object) -> "TagSet":
        return TagSet((*self.members, *_members(other)))

    def __rand__(self, other: object) -> "TagSet":
        return TagSet((*_members(other), *self.members))

    def __contains__(self, member: object) -> bool:
        return member in self.members

    def __iter__(self) -> Iterator[object]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TagSet):
            return NotImplemented
        return len(self) == len(other) and all(member in other.members for member in self.members)

    def __hash__(self) -> int:
        return hash(frozenset(map(_hash, self.members)))

    def __repr__(self) -> str:
        return " & ".join(map(_shown, self.members))

    def __reduce__(self) -> tuple[Any, ...]:
        return TagSet, (self.members,)


def _members(value: object) -> tuple[object, ...]:
    return value.members if isinstance(value, TagSet) else (value,)


def _hash(member: object) -> int:
    try:
        return hash(member)
    except TypeError:  # an unhashable annotation, such as `Literal[[]]`
        return 0


def _shown(member: object) -> str:
    return member.__name__ if isinstance(member, type) else repr(member)


class _Tags:
    """Makes tags by name: `tag.Name`, always the same object for the same name."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[str, Tag] = {}

    def __getattr__(self, name: str) -> Tag:
        if name.startswith("__"):  # what `copy`, `pickle`, `inspect` ask every object for
            raise AttributeError(name)
        return self._made.setdefault(name, Tag(name))

    def __repr__(self) -> str:
        return "tag"

    def __reduce__(self) -> str:
        return "tag"


tag = _Tags()

enter_tag = tag.enter
"""What the points `#enter` and `#receive` carry."""

exit_tag = tag.exit
"""What the points `#exit` and `#yield` carry."""


def tags_of(annotation: object) -> TagSet | None:
    """Gives what an annotation's value carries, if there is a tag in it.

    Arguments:
        annotation: A tag, several joined by `&`, or an `Annotated[...]` with tags in it.

    Returns:
        The tags, and the types that stand beside them; None if there is no tag.

    Examples:
        >>> tags_of(tag.A), tags_of(typing.Annotated[int, tag.A]), tags_of(int)
        (tag.A, int & tag.A, None)
    """
    if isinstance(annotation, Tag):
        return TagSet((annotation,))
    if isinstance(annotation, TagSet):
        return annotation if annotation.tags else None
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *metadata = typing.get_args(annotation)
        found = [tags_of(item) for item in metadata]
        carried = [member for tags in found if tags is not None for member in tags.members]
        return TagSet((*_members(tags_of(inner) or inner), *carried)) if carried else tags_of(inner)
    return None


def match_tag(wanted: Tag | TagSet | str, annotation: object) -> bool:
    """Tells whether an annotation's value carries a tag.

    Arguments:
        wanted: The tag, its name, or several tags, all of which must be there.
        annotation: The value of the annotation.

    Examples:
        >>> match_tag(tag.Hot, tag.Hot & tag.Tea), match_tag("Cold", tag.Hot)
        (True, False)
    """
    carried = tags_of(annotation)
    if carried is None:
        return False
    if isinstance(wanted, TagSet):
        return all(member in carried.members for member in wanted.members)
    return (Tag(wanted) if isinstance(wanted, str) else wanted) in carried.members
