"""Looking around in a tree."""

from ptera_selector import (
    Relation,
    Role,
    captures,
    focus,
    function_names,
    parse,
    path,
    target,
    walk,
)

TREE = parse("f{x, !!t, g{y, h{z}}} >> k[0] > w")


def test_walk_yields_each_call_with_the_way_to_it() -> None:
    ways = [[call.function for _, call in steps] for steps in walk(TREE)]
    assert ways == [["f"], ["f", "g"], ["f", "g", "h"], ["f", "k"]]
    assert [steps[-1][0] for steps in walk(TREE)] == [
        None,
        Relation.CHILD,
        Relation.CHILD,
        Relation.DESCENDANT,
    ]


def test_captures_stand_in_written_order_call_by_call() -> None:
    assert [capture.name for capture in captures(TREE)] == ["x", "t", "y", "z", "w"]
    assert [capture.name for capture in captures(parse("f{b, a, x=1, :C}"))] == ["b", "a"]


def test_focus_and_target() -> None:
    found, aimed = focus(TREE), target(TREE)
    assert found is not None and (found.name, found.role) == ("w", Role.FOCUS)
    assert aimed is not None and (aimed.name, aimed.role) == ("t", Role.TARGET)
    assert focus(parse("f{x}")) is None
    assert target(parse("f{x}")) is None


def test_function_names_are_those_that_are_written() -> None:
    assert function_names(TREE) == {"f", "g", "h", "k"}
    assert function_names(parse("x")) == frozenset()
    assert function_names(parse("*{A.m{x}} >> /m/f > y")) == {"A.m", "/m/f"}


def test_path_leads_to_the_call_with_the_focus() -> None:
    assert [(relation, call.function) for relation, call in path(TREE)] == [
        (None, "f"),
        (Relation.DESCENDANT, "k"),
    ]
    assert [relation for relation, _ in path(parse("f >> x"))] == [None, Relation.WITHIN]


def test_path_without_a_focus_is_the_outermost_call() -> None:
    tree = parse("f{g{x}}")
    assert path(tree) == ((None, tree.call),)
