"""Probes that change values."""

from typing import Any

import pytest

from ptera import Overlay, OverrideError, ProbeError, probing, ptera


def area(width: int) -> int:
    height = width + 1
    return width * height


def total(numbers: list[int]) -> int:
    result = 0
    for number in numbers:
        result = result + number
    return result


def both(width: int) -> int:
    return area(width) + area(width + 1)


def pair(x: int) -> tuple[int, int]:
    a, b = x, x + 1
    return a, b


def named(x: int) -> list[int]:
    return [(y := x), y]


class Box:
    def __init__(self, size: int) -> None:
        self.size = size


@pytest.fixture(params=[True, False], ids=["overridable", "plain"])
def overridable(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


class TestSetters:
    def test_a_function_of_the_event(self, overridable: bool) -> None:
        with probing("area{width} > height", overridable=overridable) as probe:
            probe.override(lambda event: event["width"] * event["height"])
            assert area(2) == 2 * 6
        assert area(2) == 6

    def test_a_function_of_one_capture(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable) as probe:
            probe["height"].override(lambda height: height * 10)
            assert area(2) == 60

    def test_the_captures_by_name(self, overridable: bool) -> None:
        with probing("area{width} > height", overridable=overridable) as probe:
            probe.koverride(lambda width: width)
            assert area(3) == 9

    def test_a_constant(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable) as probe:
            probe.override(7)
            assert area(3) == 21

    def test_the_element_itself(self, overridable: bool) -> None:
        with probing("area{width} > height", overridable=overridable) as probe:
            probe["width"].override()
            assert area(3) == 9

    def test_none_is_a_value(self) -> None:
        with probing("pair > a") as probe:
            probe.override(lambda event: None)
            results: list[object] = [*pair(1)]
        assert results == [None, 2]

    def test_after_operators(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable) as probe:
            probe["height"].map(lambda height: height + 1).override(lambda height: height * 10)
            assert area(2) == 80

    def test_where_nothing_arrives_the_value_stays(self, overridable: bool) -> None:
        with probing("area{width} > height", overridable=overridable) as probe:
            probe.where(width=3).override(10)
            assert (area(2), area(3)) == (6, 30)

    def test_the_last_of_several_wins(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable) as probe:
            probe.override(10)
            probe.override(20)
            assert area(2) == 40

    def test_as_the_context(self) -> None:
        with probing("area > height").override(10):
            assert area(2) == 20
        assert area(2) == 6

    def test_disposal(self) -> None:
        with probing("area > height") as probe:
            subscription = probe.override(10)
            assert area(2) == 20
            subscription.dispose()
            assert area(2) == 6

    def test_an_optional_capture(self) -> None:
        with probing("total{number, !result}") as probe:
            probe["?number"].override(lambda number: number * 100)
            assert total([1, 2]) == 200

    def test_raw_captures(self) -> None:
        with probing("area > $x", raw=True) as probe:
            probe["x"].filter(lambda x: x.name == "height").override(lambda x: x.value * 10)
            assert area(2) == 60


class TestPlaces:
    @pytest.mark.parametrize(
        ("selector", "expected"),
        [("pair > b", (1, 9)), ("pair > #value", 9), ("pair > x", (9, 10)), ("pair > a", (9, 2))],
    )
    def test_targets_parameters_and_results(self, selector: str, expected: object) -> None:
        with probing(selector) as probe:
            probe.override(9)
            assert pair(1) == expected

    def test_a_loop_variable(self) -> None:
        with probing("total > number")["number"] as numbers:
            numbers.override(lambda number: number * 2)
            assert total([1, 2]) == 6

    def test_a_walrus(self) -> None:
        with probing("named > y").override(5):
            assert named(1) == [5, 5]

    def test_an_attribute(self) -> None:
        with probing("Box.__init__ > self.size").override(5):
            assert Box(1).size == 5

    def test_from_an_outer_scope(self) -> None:
        with probing("both{width} > area > height") as probe:
            probe.koverride(lambda width: width * 100)
            assert both(1) == 100 + 200

    def test_with_a_side_pattern(self) -> None:
        def outer(x: int) -> int:
            inner(x)
            y = x
            return y

        def inner(x: int) -> int:
            z = x * 10
            return z

        with probing("outer{inner{z}, !y}") as probe:
            probe.koverride(lambda z, y: z + y)
            assert outer(1) == 11
            probe.filter(lambda event: False).override(0)


class TestWhoSeesWhat:
    def test_other_probes_see_the_new_value(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable).override(10):
            with probing("area > height")["height"].values() as inner:
                area(2)
        assert inner == [10]

    def test_whichever_is_entered_first(self, overridable: bool) -> None:
        with probing("area > height")["height"].values() as outer:
            with probing("area > height", overridable=overridable).override(10):
                area(2)
        assert outer == [10]

    def test_the_other_sinks_of_an_overridable_probe_see_the_old_value(self) -> None:
        with probing("area > height", overridable=True) as probe:
            before = probe["height"].values()
            probe.override(10)
            after = probe["height"].values()
            assert area(2) == 20
        assert (before, after) == ([3], [3])

    def test_the_other_sinks_of_a_plain_probe_see_the_new_value(self) -> None:
        with probing("area > height") as probe:
            before = probe["height"].values()
            probe.override(10)
            after = probe["height"].values()
            assert area(2) == 20
        assert (before, after) == ([10], [10])

    def test_of_nested_overrides_the_inner_one_wins(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable).override(10):
            with probing("area > height", overridable=overridable).override(20):
                assert area(2) == 40
            assert area(2) == 20

    def test_unless_it_leaves_the_value_alone(self, overridable: bool) -> None:
        with probing("area > height", overridable=overridable).override(10):
            with probing("area{width} > height", overridable=overridable) as probe:
                probe.where(width=3).override(20)
                assert (area(2), area(3)) == (20, 60)

    def test_the_stream_of_a_loser_misses_nothing(self) -> None:
        with probing("area > height", overridable=True) as probe:
            probe.override(10)
            seen = probe["height"].values()
            with probing("area > height").override(20):
                assert area(2) == 40
            with Overlay.tweak({"area > height": 30}):
                assert area(2) == 60
        assert seen == [3, 3]

    def test_a_parameter_that_two_want(self) -> None:
        with probing("area > width").override(5), probing("area{width} > width as w") as probe:
            probe.filter(lambda event: False).override(7)
            assert area(2) == 30


class TestRefusals:
    def test_no_focus(self) -> None:
        probe = probing("area{height}")
        with pytest.raises(OverrideError) as caught:
            probe.override(1)
        assert str(caught.value) == (
            "`area{height}` cannot change anything: the selector has no focus "
            "(write `!x`, `> x`, or `h[1] as x`)."
        )

    def test_a_point(self) -> None:
        with pytest.raises(OverrideError, match="it is a point, not a variable"):
            probing("area > #exit", overridable=True)

    def test_two_ends(self) -> None:
        with pytest.raises(ProbeError, match="A probe that overrides cannot have two ends"):
            probing("area{!width, !!height}", overridable=True)

    def test_a_value_that_comes_too_late(self) -> None:
        def use(probe: Any) -> None:
            with probe:
                area(1)

        probe = probing("area > height")
        probe["height"].min().override()
        with pytest.raises(OverrideError) as caught:
            use(probe)
        assert str(caught.value) == (
            "`area > height` cannot change `height`: its value comes when the binding has been "
            "made: an operator has held it back."
        )


class TestSidePatterns:
    """Overrides that look beside the path to their focus."""

    def test_a_declaration_gets_its_value(self) -> None:
        with Overlay.tweak({"declares{called{c}, !x}": 5}):
            assert declares(1) == 6

    def test_an_element_is_changed_from_what_was_called(self) -> None:
        scaled = {"declares{called{c}} > h[0] as v": lambda v, c: v * 100 + c}
        with Overlay.tweak({"declares > x": 3}), Overlay.rewrite(scaled):
            assert declares(2) == 502

    def test_of_two_that_look_beside_the_inner_wins(self) -> None:
        outer = Overlay.tweak({"declares{called{c}, !x}": 5})
        with outer, Overlay.tweak({"declares{called{c=1}, !x}": 7}):
            assert (declares(1), declares(2)) == (8, 7)


@ptera
def called(c: int) -> int:
    return c


@ptera
def declares(n: int) -> int:
    called(n)
    x: int
    h: dict[int, int] = {}
    h[0] = x + n  # pyright: ignore[reportUnboundVariable]  # declared: it is set from outside
    return h[0]
