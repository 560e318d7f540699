"""What holds for every tree and for every text; the strategies are here too."""

from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

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
    SelectorSyntaxError,
    Variable,
    captures,
    draw,
    focus,
    from_json,
    in_words,
    parse,
    path,
    to_json,
    walk,
)

words = st.sampled_from(["a", "b", "foo", "x1", "_", "True", "é", "हिन्दी"])
dotted = st.lists(words, min_size=1, max_size=3).map(".".join)
points = st.sampled_from(["#enter", "#value", "#key", "#loop_i", "#endloop_é"])
functions = st.none() | dotted | st.sampled_from(["/m/f", "/m.n/C/f", "/m/*", "/m.n.**/*"])
variables = dotted | points
categories = st.lists(dotted | dotted.map("@{}".format), min_size=1, max_size=3).map(
    lambda names: Category(tuple(names))
)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | dotted
)
tests = values.map(Equals) | dotted.map(Predicate)
maybe_category = st.none() | categories
conditions = st.builds(Filter, variables, maybe_category, tests) | st.builds(
    Filter, st.none(), maybe_category
)


@st.composite
def trees(draw: st.DrawFn) -> Selector:
    """Any tree that keeps the static rules."""
    names = count()
    # Which captures, in the order in which they are made, are the focus and the target.
    roles = {draw(st.integers(0, 8)): Role.TARGET, draw(st.integers(0, 8)): Role.FOCUS}

    def capture() -> Capture:
        number = next(names)
        variable = draw(st.none() | variables)
        return Capture(variable, f"c{number}", draw(maybe_category), roles.get(number, Role.PLAIN))

    def asked() -> tuple[Variable, ...]:
        tested: set[str] = set()
        found: list[Variable] = [capture() for _ in range(draw(st.integers(0, 3)))]
        for condition in draw(st.lists(conditions, max_size=2)):
            if condition.variable is None or condition.variable not in tested:
                found.append(condition)
                tested.add(condition.variable or "")
        return tuple(draw(st.permutations(found)))

    def nested(depth: int) -> Nested:
        relation = draw(st.sampled_from(Relation))
        if relation is Relation.WITHIN:
            one = capture() if draw(st.booleans()) else draw(conditions)
            return Nested(relation, Call(None, variables=(one,)))
        return Nested(relation, call(depth))

    def call(depth: int) -> Call:
        below = range(draw(st.integers(0, 2))) if depth else ()
        return Call(
            draw(functions),
            draw(maybe_category),
            asked(),
            tuple(nested(depth - 1) for _ in below),
        )

    return Selector(call(3), draw(st.booleans()))


pieces = st.sampled_from(
    [
        *("a", "b", "f", "as", "self.x", "#value", "#loop_i", "#", "#foo", "/m/f", "/m.**/*", "/m"),
        *(">", ">>", "!", "!!", "{", "}", "(", ")", "[", "]", ",", "=", "~", ":", "::", "&", "@"),
        *("$", "*", "1", "-1.5", "1e999", "'s t'", '"', "'", "\\", "True", "None", "%", ".", "-"),
        *("\n", " ", "é", "ﬁ", "x²", "→", "＞", "e\u0301", "\0", "\ud800", "\u00a0", "'\\q'"),
    ]
)
texts = st.text() | st.lists(pieces, max_size=30).map("".join) | st.lists(pieces).map(" ".join)


@given(trees())
def test_text_of_a_tree_parses_to_the_tree(tree: Selector) -> None:
    text = str(tree)
    assert parse(text) == tree
    assert hash(parse(text)) == hash(tree)
    assert str(parse(text)) == text


@given(trees())
def test_json_of_a_tree_reads_back_as_the_tree(tree: Selector) -> None:
    assert from_json(to_json(tree)) == tree
    assert repr(from_json(to_json(tree))) == repr(tree)


@given(trees())
def test_order_does_not_count(tree: Selector) -> None:
    def reverse(call: Call) -> Call:
        nested = [Nested(one.relation, reverse(one.call)) for one in call.nested]
        return Call(
            call.function, call.category, tuple(reversed(call.variables)), tuple(reversed(nested))
        )

    other = Selector(reverse(tree.call), tree.outermost)
    assert other == tree
    assert hash(other) == hash(tree)
    assert str(other) == str(tree)


@given(trees())
def test_helpers_see_the_same_tree(tree: Selector) -> None:
    found = captures(tree)
    assert found == tuple(
        variable
        for steps in walk(tree)
        for variable in steps[-1][1].variables
        if isinstance(variable, Capture)
    )
    the_focus = focus(tree)
    assert the_focus is None or the_focus in path(tree)[-1][1].variables
    assert len(draw(tree).split("\n")) > len(found) - sum(1 for c in found if c.variable == "#key")
    assert in_words(tree)


@given(texts)
@example("\0")
@example("f{x='\ud800'}")
@example("f\n{")
def test_text_is_a_selector_or_has_an_error_with_a_place(text: str) -> None:
    try:
        tree = parse(text)
    except SelectorSyntaxError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert error.text == text
        assert str(error)
    else:
        assert parse(str(tree)) == tree


@given(trees(), st.data())
def test_broken_text_of_a_tree_is_no_other_error(tree: Selector, data: st.DataObject) -> None:
    text = str(tree)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    broken = text[:start] + data.draw(pieces) + text[end:]
    try:
        parse(broken)
    except SelectorSyntaxError as error:
        assert error.text == broken
