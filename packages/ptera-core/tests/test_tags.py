"""Tags: made by name, joined, found on annotations, and copied as themselves."""

import copy
import pickle
from typing import Annotated, Any, Optional

import pytest

from ptera._tags import Tag, TagSet, enter_tag, exit_tag, match_tag, tag, tags_of


def test_a_name_gives_one_tag() -> None:
    assert tag.Hot is tag.Hot
    assert tag.Hot == Tag("Hot")
    assert tag.Hot != tag.Cold
    assert repr(tag.Hot) == "tag.Hot"
    assert (enter_tag, exit_tag) == (tag.enter, tag.exit)


def test_special_names_are_no_tags() -> None:
    with pytest.raises(AttributeError):
        tag.__wrapped__  # noqa: B018 - asking is the test


def test_joined_tags_have_no_order() -> None:
    both: Any = tag.Hot & tag.Tea
    assert both == tag.Tea & tag.Hot
    assert hash(both) == hash(tag.Tea & tag.Hot)
    assert both != tag.Hot
    assert both & tag.Hot == both
    assert len(both) == 2
    assert list(both) == [tag.Hot, tag.Tea]
    assert repr(both & tag.Black) == "tag.Hot & tag.Tea & tag.Black"


def test_a_type_may_stand_beside_tags() -> None:
    both: Any = float & tag.Rate
    assert both == tag.Rate & float
    assert repr(both) == "float & tag.Rate"
    assert both.tags == {tag.Rate}
    listed: Any = list[int] & (tag.A & tag.B)
    assert repr(listed) == "list[int] & tag.A & tag.B"
    assert hash(listed) == hash(tag.B & tag.A & list[int])


def test_what_an_annotation_carries() -> None:
    assert tags_of(tag.A) == TagSet((tag.A,))
    assert tags_of(float & tag.A) == TagSet((float, tag.A))
    assert tags_of(Annotated[int, "doc", tag.A, tag.B & tag.C]) == TagSet(
        (int, tag.A, tag.B, tag.C)
    )
    assert tags_of(Annotated[int, "doc"]) is None
    for annotation in (int, None, "A", Optional[int], TagSet((int,))):  # noqa: UP045 - a case
        assert tags_of(annotation) is None


@pytest.mark.parametrize(
    ("wanted", "annotation", "matches"),
    [
        (tag.A, tag.A, True),
        (tag.A, tag.B, False),
        (tag.A, tag.A & tag.B, True),
        (tag.A & tag.B, tag.A, False),
        (tag.A & tag.B, tag.C & tag.B & tag.A, True),
        ("A", float & tag.A, True),
        ("A", int, False),
        (tag.A, None, False),
        (tag.A, Annotated[int, tag.A], True),
    ],
)
def test_matching(wanted: Any, annotation: object, matches: bool) -> None:
    assert match_tag(wanted, annotation) is matches


@pytest.mark.parametrize("value", [tag.A, tag.A & tag.B, float & tag.A])
def test_copies_are_equal(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert {value: 1}[copy.copy(value)] == 1


def test_a_copied_tag_is_the_tag() -> None:
    assert pickle.loads(pickle.dumps(tag.A)) is tag.A
    assert copy.deepcopy(tag.A) is tag.A
    assert pickle.loads(pickle.dumps(tag)) is tag
    assert copy.deepcopy(tag) is tag


def test_tags_do_not_change() -> None:
    with pytest.raises(AttributeError):
        tag.A.name = "B"  # type: ignore[misc]  # it is frozen, which is the test
