"""Long and deep texts: a tree or a clear error, never a RecursionError, and in linear time."""

import copy
import pickle

import pytest

from ptera_selector import (
    SelectorSyntaxError,
    captures,
    draw,
    from_json,
    in_words,
    parse,
    to_json,
    walk,
)

DEEPEST = 64


def nested(depth: int) -> str:
    return "f{" * depth + "x" + "}" * depth


@pytest.mark.parametrize("text", [nested(DEEPEST), "f > " * DEEPEST + "x"])
def test_deepest_tree_can_be_used(text: str) -> None:
    tree = parse(text)
    assert parse(str(tree)) == tree
    assert hash(parse(str(tree))) == hash(tree)
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert copy.deepcopy(tree) == tree
    assert from_json(to_json(tree)) == tree
    assert len(list(walk(tree))) == DEEPEST
    assert repr(tree) and draw(tree) and in_words(tree)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (nested(65), 130),
        ("f > " * 65 + "x", 259),
        ("(" * 65 + "x" + ")" * 65, 65),
        ("f{g{x}, " + nested(64) + "}", 136),
        (nested(10_000), 130),
        ("{" * 10_000, 1),
        ("f{" * 10_000, 130),
        ("f > " * 25_000 + "x", 259),
        ("f >> " * 20_000 + "x", 323),
        ("(" * 100_000, 65),
    ],
)
def test_deeper_is_refused_where_it_gets_too_deep(text: str, column: int) -> None:
    with pytest.raises(SelectorSyntaxError) as caught:
        parse(text)
    assert caught.value.column == column
    if column > 1:
        assert caught.value.reason == "more than 64 calls in one another"


def test_error_before_the_depth_comes_first() -> None:
    with pytest.raises(SelectorSyntaxError) as caught:
        parse("f % " + nested(10_000))
    assert caught.value.column == 3


@pytest.mark.parametrize(
    "text",
    [
        "f{" + ", ".join(f"x{i}" for i in range(10_000)) + "}",
        "f{" + ", ".join(f"x{i}={i}" for i in range(10_000)) + "}",
        "f{" + ", ".join(f"g{i}{{x{i}}}" for i in range(10_000)) + "}",
        "a" * 100_000,
        "a." * 50_000 + "a",
        " " * 100_000 + "a" + " " * 100_000,
        'f{x="' + "a" * 100_000 + '"}',
        'f{x="' + "\\n" * 50_000 + '"}',
        "x:(" + "A & " * 25_000 + "B)",
        "/m" + "/a" * 50_000 + " > x",
    ],
    ids=lambda text: text[:10],
)
def test_long_selectors(text: str) -> None:
    tree = parse(text)
    assert parse(str(tree)) == tree
    assert captures(tree) is not None


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a " * 50_000, 3),
        ("!" * 100_000, 3),
        ('"\\' * 50_000, 1),
        ('"' * 100_001, 1),
        ("'a\"" * 30_001, 1),
        ("f{x=" + "1" * 100_000 + "}", 5),
        ("1." * 50_000, 1),
        ("#" * 100_000, 2),
        ("#" + "a" * 100_000, 1),
        ("\n" * 100_000 + "%", 1),
        ("\ud800" * 100_000, 1),
        ("é→" * 50_000, 2),
        ("f{" + "a, " * 30_000 + "}", 6),
    ],
    ids=lambda text: str(text)[:10],
)
def test_long_texts_that_are_no_selectors(text: str, column: int) -> None:
    with pytest.raises(SelectorSyntaxError) as caught:
        parse(text)
    assert caught.value.column == column
    assert len(str(caught.value)) < 1000
