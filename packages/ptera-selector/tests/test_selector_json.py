"""Trees as JSON, and back."""

import json

import pytest

from ptera_selector import from_json, parse, to_json

TEXTS = [
    *("x", "f > x", "f > g > x", "f >> x", "f >> g > x", "> f > x", "f{x, !y, !!z}", "f{g{c}, !d}"),
    *("f{>> g{c}}", "f{>> x}", "f{>> x=1}", "f{x as y} as r", "$x", "f{x:C, y:(A & @B)}", "*:C{x}"),
    *("f{:C, *}", "f{x=1, y='a b', z=-1.5, a=True, b=None, c=word}", "f{x~m.p, y:C~p}", "f[3]"),
    *("f[$i]", "f[None]", "f > #loop_i", "/m.**/* > x", "A.m > self.x", "f{x=1e300, y='\\ud800'}"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_tree_comes_back(text: str) -> None:
    tree = parse(text)
    written = to_json(tree)
    for source in (written, written.encode(), json.loads(written)):
        back = from_json(source)
        assert back == tree
        assert repr(back) == repr(tree)


def test_format() -> None:
    text = "> f:(A & B)[0]{x:C as y, $v, a~p, :D, g{!!z}} >> w"
    assert json.loads(to_json(parse(text))) == {
        "outermost": True,
        "call": {
            "function": "f",
            "category": ["A", "B"],
            "variables": [
                {"variable": "#key", "equals": 0},
                {"variable": "x", "category": ["C"], "capture": "y", "role": "plain"},
                {"variable": None, "capture": "v", "role": "plain"},
                {"variable": "a", "predicate": "p"},
                {"variable": None, "category": ["D"]},
            ],
            "nested": [
                {
                    "relation": ">",
                    "call": {
                        "function": "g",
                        "variables": [{"variable": "z", "capture": "z", "role": "target"}],
                    },
                },
                {
                    "relation": "within",
                    "call": {
                        "function": None,
                        "variables": [{"variable": "w", "capture": "w", "role": "focus"}],
                    },
                },
            ],
        },
    }


def test_indented() -> None:
    assert to_json(parse("f{}"), indent=1) == (
        '{\n "outermost": false,\n "call": {\n  "function": "f"\n }\n}'
    )


def test_what_may_be_left_out() -> None:
    assert from_json({"call": {"variables": [{"variable": "x", "capture": "x"}]}}) == parse("*{x}")


X = {"variable": "x", "capture": "x"}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "`selector`: found [], expected an object"),
        ({}, "`selector.call`: found None, expected an object"),
        ({"call": {}, "cal": 1}, "`selector`: found 'cal', expected only the fields"),
        ({"call": {}, "outermost": 1}, "`selector.outermost`: found 1, expected true or false"),
        ({"call": {"function": 3}}, "`selector.call.function`: found 3, expected a string or null"),
        ({"call": {"variables": {}}}, "`selector.call.variables`: found {}, expected a list"),
        ({"call": {"variables": [3]}}, "`selector.call.variables[0]`: found 3, expected an object"),
        ({"call": {"category": []}}, "`selector.call.category`: found [], expected at least one"),
        ({"call": {"category": [1]}}, "`selector.call.category[0]`: found 1, expected a string"),
        (
            {"call": {"variables": [{**X, "role": "main"}]}},
            '`selector.call.variables[0].role`: found \'main\', expected "plain" or "focus" or',
        ),
        (
            {"call": {"variables": [{**X, "equals": 1}]}},
            "expected a capture or a filter, not both",
        ),
        (
            {"call": {"variables": [{"variable": "x", "equals": 1, "predicate": "p"}]}},
            "expected either `equals` or `predicate`",
        ),
        (
            {"call": {"variables": [{"variable": "x", "equals": []}]}},
            "`selector.call.variables[0].equals`: found [], expected a string, a number, true,",
        ),
        (
            {"call": {"nested": [{"relation": ">>>", "call": {}}]}},
            "`selector.call.nested[0].relation`: found '>>>', expected",
        ),
        (
            {"call": {"nested": [{"relation": "within", "call": {"function": "f"}}]}},
            "`selector.call.nested[0].call`: found {'function': 'f'}, expected a call of null with",
        ),
        (
            {"call": {"nested": [{"relation": "within", "call": {}}]}},
            "`selector.call.nested[0].call`: found {}, expected a call of null with one variable",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tree: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_json(json.dumps(tree))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        {"function": "f{x}"},
        {"function": "f > g"},
        {"function": "f x"},
        {"variables": [{"variable": "x, y", "capture": "x"}]},
        {"variables": [{"variable": "as", "capture": "as"}]},
        {"variables": [{"variable": "#nowhere", "capture": "x"}]},
        {"variables": [X, X]},
        {"variables": [{"variable": "x", "capture": "a.b"}]},
        {"variables": [{**X, "role": "focus"}, {"variable": "y", "capture": "y", "role": "focus"}]},
        {"variables": [{"variable": "x"}]},
        {"variables": [{"variable": None, "equals": 1}]},
        {"category": ["A B"]},
        {"variables": [{"variable": "x", "equals": float("inf")}]},
        {"variables": [{"variable": "x", "equals": float("nan")}]},
        {"function": ""},
        {"function": "*"},
        {"function": "x²"},
        {"function": "ﬁ"},
    ],
)
def test_what_no_selector_says_is_refused(call: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no selector says"):
        from_json({"call": call})


@pytest.mark.parametrize("source", ["", "{", "[" * 100_000, '{"call":' * 2000 + "{}" + "}" * 2000])
def test_text_that_is_no_json_of_a_selector(source: str) -> None:
    with pytest.raises(ValueError):
        from_json(source)
