"""One test for each form of the language: what tree it makes, and what else makes that tree."""

import copy
import pickle

import pytest

from ptera_selector import (
    Call,
    Capture,
    Category,
    Equals,
    Filter,
    Nested,
    Predicate,
    Relation,
    Role,
    Selector,
    parse,
)

X, Y = Capture("x", "x"), Capture("y", "y")
FOCUS_X, FOCUS_Y = Capture("x", "x", role=Role.FOCUS), Capture("y", "y", role=Role.FOCUS)


def test_lone_variable_is_any_binding_in_any_function() -> None:
    assert parse("x") == Selector(Call(None, variables=(FOCUS_X,)))


def test_child_sign_makes_its_right_end_the_focus() -> None:
    assert parse("f > x") == Selector(Call("f", variables=(FOCUS_X,)))


def test_chain_nests_calls_to_the_right() -> None:
    inner = Nested(Relation.CHILD, Call("g", variables=(FOCUS_X,)))
    assert parse("f > g > x") == Selector(Call("f", nested=(inner,)))


def test_descendant_sign_between_calls() -> None:
    inner = Nested(Relation.DESCENDANT, Call("g", variables=(FOCUS_X,)))
    assert parse("f >> g > x") == Selector(Call("f", nested=(inner,)))


def test_descendant_sign_before_a_variable_counts_the_call_itself() -> None:
    inside = Nested(Relation.WITHIN, Call(None, variables=(FOCUS_X,)))
    assert parse("f >> x") == Selector(Call("f", nested=(inside,)))


def test_leading_sign_asks_for_the_outermost_call() -> None:
    assert parse("> f > x") == Selector(Call("f", variables=(FOCUS_X,)), outermost=True)


def test_braces_hold_captures_focus_and_target() -> None:
    target = Capture("z", "z", role=Role.TARGET)
    assert parse("f{x, !y, !!z}") == Selector(Call("f", variables=(X, FOCUS_Y, target)))


def test_no_focus_is_needed() -> None:
    assert parse("f{x}") == Selector(Call("f", variables=(X,)))


def test_target_at_the_right_end_leaves_no_focus() -> None:
    assert parse("f > !!x") == parse("f{!!x}")


@pytest.mark.parametrize("text", ["f{g{x}, !y}", "f{> g{x}, !y}", "f(g(x), !y)", "f{g{x}} > y"])
def test_call_in_braces_is_a_side_pattern(text: str) -> None:
    side = Nested(Relation.CHILD, Call("g", variables=(X,)))
    assert parse(text) == Selector(Call("f", variables=(FOCUS_Y,), nested=(side,)))


def test_side_pattern_at_any_depth() -> None:
    side = Nested(Relation.DESCENDANT, Call("g", variables=(X,)))
    assert parse("f{>> g{x}}") == Selector(Call("f", nested=(side,)))


def test_variable_in_braces_after_signs() -> None:
    assert parse("f{> x}") == parse("f{x}")
    inside = Nested(Relation.WITHIN, Call(None, variables=(X,)))
    assert parse("f{>> x}") == Selector(Call("f", nested=(inside,)))


def test_chain_in_braces_has_its_focus_at_its_right_end() -> None:
    assert parse("f{g > x}") == parse("f{g{!x}}") == parse("f > g > x")
    assert parse("f{>> g > x}") == parse("f >> g > x")
    assert parse("f{g >> x, y}") == parse("f{y, g{>> !x}}")


def test_as_renames_a_variable() -> None:
    assert parse("f{x as y}") == Selector(Call("f", variables=(Capture("x", "y"),)))
    assert parse("f > x as y").call.variables == (Capture("x", "y", role=Role.FOCUS),)


@pytest.mark.parametrize("text", ["f{} as r", "f() as r", "f{!#value as r}", "f > #value as r"])
def test_as_after_a_call_names_its_value(text: str) -> None:
    result = Capture("#value", "r", role=Role.FOCUS)
    assert parse(text) == Selector(Call("f", variables=(result,)))


def test_value_of_a_call_is_the_focus_only_at_the_right_end() -> None:
    assert parse("f{} as r > x") == parse("f{#value as r, !x}")
    assert parse("f{g{} as r, !x}") == parse("f{g{#value as r}, !x}")


def test_generic_variable_keeps_its_real_name() -> None:
    assert parse("f > $x") == Selector(Call("f", variables=(Capture(None, "x", role=Role.FOCUS),)))
    assert parse("f{* as x}") == parse("f{$x}") == parse("f{$ x}")


@pytest.mark.parametrize("text", ["f{x:C}", "f{x::C}", "f{x : C}", "f{x:(C)}"])
def test_category_of_a_variable(text: str) -> None:
    assert parse(text) == Selector(Call("f", variables=(Capture("x", "x", Category(("C",))),)))


def test_several_categories_of_a_variable() -> None:
    variable = Capture("x", "z", Category(("A", "torch.nn.Parameter", "@B")))
    assert parse("f{x:(@B & A & torch.nn.Parameter) as z}").call.variables == (variable,)


def test_tag_as_category() -> None:
    assert parse("f{x:@C}").call.variables == (Capture("x", "x", Category(("@C",))),)


def test_generic_variable_of_a_category() -> None:
    focus = Capture(None, "p", Category(("Parameter",)), Role.FOCUS)
    assert parse("$p:Parameter") == Selector(Call(None, variables=(focus,)))
    assert parse("*:Parameter as p") == parse("$p:Parameter")


def test_category_of_a_function() -> None:
    assert parse("*:C{x}") == Selector(Call(None, Category(("C",)), (X,)))
    assert parse("f:C > x") == Selector(Call("f", Category(("C",)), (FOCUS_X,)))
    assert parse("f:C[0]{x}") == parse("f:C{#key=0, x}")


def test_condition_without_a_capture() -> None:
    assert (
        parse("f{:C}")
        == parse("f{*:C}")
        == Selector(Call("f", variables=(Filter(None, Category(("C",))),)))
    )
    assert parse("f{*}") == Selector(Call("f", variables=(Filter(None),)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.5", -1.5),
        ("2e3", 2000.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("True", True),
        ("False", False),
        ("None", None),
        ("word", "word"),
        ("dotted.word", "dotted.word"),
        ("'a b'", "a b"),
        ('"a b"', "a b"),
        (r"'it\'s\t\x41\u00e9\U0001F600\\'", "it's\tAé😀\\"),
        ("''", ""),
    ],
)
def test_filter_compares_with_a_value(text: str, value: object) -> None:
    tree = parse(f"f{{x={text}}}")
    assert tree == Selector(Call("f", variables=(Filter("x", test=Equals(value)),)))
    (condition,) = tree.call.variables
    assert isinstance(condition, Filter) and isinstance(condition.test, Equals)
    assert type(condition.test.value) is type(value)


def test_filter_with_a_function() -> None:
    tree = parse("f{x~math.isnan}")
    assert tree == Selector(Call("f", variables=(Filter("x", test=Predicate("math.isnan")),)))


def test_filter_of_a_category() -> None:
    variable = Filter("x", Category(("C",)), Equals(1))
    assert parse("f{x:C = 1}") == Selector(Call("f", variables=(variable,)))
    assert parse("f{x:C~p}").call.variables == (Filter("x", Category(("C",)), Predicate("p")),)


def test_filter_beside_a_capture_of_its_variable() -> None:
    tree = parse("f{x=1, !x as y}")
    assert tree.call.variables == (
        Filter("x", test=Equals(1)),
        Capture("x", "y", role=Role.FOCUS),
    )


def test_filter_after_signs() -> None:
    assert parse("f{> x=1}") == parse("f{x=1}")
    inside = Nested(Relation.WITHIN, Call(None, variables=(Filter("x", test=Equals(1)),)))
    assert parse("f{>> x=1}") == Selector(Call("f", nested=(inside,)))


@pytest.mark.parametrize(
    ("key", "value"), [("3", 3), ("word", "word"), ('"a b"', "a b"), ("-1", -1), ("None", None)]
)
def test_key_is_a_filter(key: str, value: object) -> None:
    assert parse(f"f[{key}]") == Selector(
        Call("f", variables=(Filter("#key", test=Equals(value)),))
    )


def test_key_is_captured() -> None:
    assert parse("f[$i] > x") == parse("f{#key as i, !x}")


@pytest.mark.parametrize(
    "point",
    ["#enter", "#exit", "#value", "#error", "#yield", "#receive", "#key", "#loop_i", "#endloop_i"],
)
def test_points(point: str) -> None:
    assert parse(f"f > {point}").call.variables == (Capture(point, point, role=Role.FOCUS),)


@pytest.mark.parametrize(
    "function",
    [
        "Class.method",
        "mod.sub.f",
        "/pkg.mod/f",
        "/pkg.mod/Class/method",
        "/pkg.mod/*",
        "/pkg.**/*",
    ],
)
def test_functions_are_named_as_written(function: str) -> None:
    assert parse(f"{function} > x").call.function == function
    assert parse(f"{function}{{x}}").call.function == function


def test_attribute_is_a_variable() -> None:
    assert parse("f > self.x") == Selector(
        Call("f", variables=(Capture("self.x", "self.x", role=Role.FOCUS),))
    )


def test_parentheses_group_what_is_on_the_right() -> None:
    assert parse("a > (b > (c{x} > y))") == parse("a > b > c{x} > y")
    assert parse("a >> (b > c)") == parse("a >> b > c")
    assert parse("(a > b)") == parse("(a) > b") == parse("a > b")
    assert parse("(a{x}) > b") == parse("a{x} > b")


def test_trailing_comma_and_spaces_mean_nothing() -> None:
    assert parse(" f { x , y , } > z ") == parse("f{x,y}>z")


def test_selector_over_several_lines() -> None:
    assert parse("f{\n  x,\n  y=1,\n}\n> z\n") == parse("f{x, y=1} > z")


def test_names_are_normalised_as_in_python() -> None:
    assert parse("ﬁn > é") == parse("fin > e\u0301")
    assert parse("f{x='ﬁ'}") != parse("f{x='fi'}")


def test_order_is_kept_but_does_not_count() -> None:
    one, other = parse("f{x, y=1, g{a}, h{b}}"), parse("f{h{b}, y=1, g{a}, x}")
    assert one == other
    assert hash(one) == hash(other)
    assert [nested.call.function for nested in other.call.nested] == ["h", "g"]


def test_numbers_are_equal_as_python_has_it_but_booleans_are_no_numbers() -> None:
    assert parse("f{x=1}") == parse("f{x=1.0}")
    assert hash(parse("f{x=1}")) == hash(parse("f{x=1.0}"))
    assert parse("f{x=1}") != parse("f{x=True}")
    assert parse("f{x=0}") != parse("f{x=False}")
    assert parse("f{x='1'}") != parse("f{x=1}")


def test_what_counts_for_equality() -> None:
    texts = [
        *("x", "f > x", "f >> x", "> f > x", "f{x}", "f{!!x}", "f{g{x}}", "f{>> g{x}}"),
        *("f{>> x}", "f{x as y}", "f{$x}", "f{x:C}", "f{x:@C}", "f:C{x}", "f{x=1}", "f{x~p}"),
    ]
    assert len({parse(text) for text in texts}) == len(texts)


def test_trees_do_not_compare_with_other_things() -> None:
    others: tuple[object, ...] = ("x", None, 1)
    for tree in (parse("x"), parse("x").call, Category(("C",)), Equals(1)):
        assert tree not in others


def test_parsed_selectors_are_remembered() -> None:
    assert parse("f{x} > remembered") is parse("f{x} > remembered")


def test_trees_cannot_be_changed_and_can_be_copied() -> None:
    tree = parse("f{x=1, g{y:C as z}} > $v")
    with pytest.raises(AttributeError):
        setattr(tree, "outermost", True)  # noqa: B010 - a type checker would refuse the plain way
    assert pickle.loads(pickle.dumps(tree)) == copy.deepcopy(tree) == tree
