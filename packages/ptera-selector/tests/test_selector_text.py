"""The canonical text of a tree."""

import pytest

from ptera_selector import Call, Capture, Equals, Filter, Selector, parse


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("*{!a}", "a"),
        ("a{!b}", "a > b"),
        ("a(b(!c))", "a > b > c"),
        ("* > a", "a"),
        ("> *{!a}", "> a"),
        ("f > * > a", "f > * > a"),
        ("a{>> !b}", "a >> b"),
        ("a{>> *{!b}}", "a >> * > b"),
        ("a{>> b{!c}}", "a >> b > c"),
        ("f{!y, x=1}", "f{x=1} > y"),
        ("f()", "f{}"),
        ("f > g()", "f{g{}}"),
        ("f{> g(), >> h(), >> x}", "f{>> h{}, >> x, g{}}"),
        ("f{y, x as b, x as a, g{c}}", "f{x as a, x as b, y, g{c}}"),
        ("f{#value as r}", "f{#value as r}"),
        ("f{#value as r, !x}", "f{} as r > x"),
        ("f{!#value as r}", "f{} as r"),
        ("f > #value", "f > #value"),
        ("f{g{#value as r}}", "f{g{} as r}"),
        ("f{!!x}", "f{!!x}"),
        ("!!x", "*{!!x}"),
        ("f{#key=0, #key as k}", "f[0]{#key as k}"),
        ("f{#key as k, #key as j, !x}", "f[$j]{#key as k} > x"),
        ("f{#key:C=0}", "f{#key:C=0}"),
        ("f{!#key as k}", "f > #key as k"),
        ("f:C[0]{}", "f:C[0]"),
        ("f{x::C}", "f{x:C}"),
        ("f{x:(B & A & B)}", "f{x:(A & B)}"),
        ("f{*:C, * as v}", "f{:C, $v}"),
        ("f{x ~ p, y : C = 2}", "f{x~p, y:C=2}"),
    ],
)
def test_text_of(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)
    assert str(parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1, "1"),
        (1.0, "1"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (10**16, "1e+16"),
        (1e16, "1e+16"),
        (10**400, "1" + "0" * 400),
        (2**53 + 1, "9007199254740993"),
        (True, "True"),
        (None, "None"),
        ("True", '"True"'),
        ("as", '"as"'),
        ("word", "word"),
        ("a.b", "a.b"),
        ("é", '"é"'),
        ("", '""'),
        ("1", '"1"'),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        ("\0\x1b\x85\u2028\ud800\U000e0001", '"\\0\\x1b\\x85\\u2028\\ud800\\U000e0001"'),
    ],
)
def test_value_is_written_so_that_it_is_read_back(value: object, written: str) -> None:
    tree = Selector(Call("f", variables=(Filter("x", test=Equals(value)),)))
    assert str(tree) == f"f{{x={written}}}"
    assert parse(str(tree)) == tree


def test_equal_trees_have_one_text() -> None:
    texts = ["f{x, y, g{a}, h{b}} > z", "f{h{b}, y, !z, x, g{a}}", "f(g(a), h(b), !z, y, x)"]
    assert {str(parse(text)) for text in texts} == {"f{x, y, g{a}, h{b}} > z"}


def test_text_of_a_tree_made_by_hand() -> None:
    tree = Selector(Call("f", variables=(Capture("x", "x"), Filter("y", test=Equals("a b")))))
    assert str(tree) == 'f{x, y="a b"}'
