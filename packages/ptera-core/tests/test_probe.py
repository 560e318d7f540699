"""Probes: what they deliver, when, and what they refuse."""

import gc
import weakref
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest

from ptera import (
    Captured,
    CaptureError,
    Probe,
    ProbeError,
    UnknownCaptureError,
    UnknownFunctionError,
    UnknownVariableError,
    probing,
    ptera,
    tag,
)


def area(width: int) -> int:
    height = width + 1
    result = width * height
    return result


def total(numbers: list[int]) -> int:
    result = 0
    for number in numbers:
        result = result + number
    return result


def both(width: int) -> int:
    return area(width) + area(width + 1)


def countdown(n: int) -> int:
    before = n
    if n:
        countdown(n - 1)
    after = n
    return before + after


def steps(n: int) -> Iterator[int]:
    for i in range(n):  # noqa: UP028  # its variable is what is probed
        yield i


@ptera
def tagged(x: int) -> int:
    a: tag.Half & tag.Kept = x // 2  # type: ignore[valid-type]  # made on the fly
    b: tag.Kept = x + a  # type: ignore[name-defined]  # the same
    return int(b)


class TestDelivery:
    def test_each_binding_of_the_focus_is_an_event(self) -> None:
        with probing("total > result").values() as results:
            total([1, 2, 3])
        assert results == [{"result": 0}, {"result": 1}, {"result": 3}, {"result": 6}]

    def test_other_captures_have_their_latest_value(self) -> None:
        with probing("total{number, !result}").values() as results:
            total([1, 2])
        assert results == [{"result": 0}, {"number": 1, "result": 1}, {"number": 2, "result": 3}]

    def test_captures_of_several_scopes(self) -> None:
        with probing("both{width} > area > height").values() as results:
            both(3)
            area(5)
        assert results == [{"width": 3, "height": 4}, {"width": 3, "height": 5}]

    def test_several_selectors_each_with_its_captures(self) -> None:
        with probing("area > height", "area{width} > result").values() as results:
            area(2)
        assert results == [{"height": 3}, {"width": 2, "result": 6}]

    def test_a_generic_capture(self) -> None:
        with probing("area > $x", raw=True).values() as results:
            area(2)
        assert [(event["x"].name, event["x"].value) for event in results] == [
            ("width", 2), ("height", 3), ("result", 6),
        ]  # fmt: skip

    def test_a_category(self) -> None:
        with probing("tagged > $x:@Kept")["x"].values() as results:
            tagged(6)
        assert results == [3, 9]

    def test_wildcards_within(self) -> None:
        with probing("* > height", within=area)["height"].values() as results:
            area(2)
        assert results == [3]

    def test_names_are_found_in_env(self) -> None:
        with probing("f > height", env={"f": area}).values() as results:
            area(2)
        assert results == [{"height": 3}]

    def test_nothing_before_and_after(self) -> None:
        area(1)
        with probing("area > height").values() as results:
            pass
        area(2)
        assert results == []

    def test_the_code_is_the_original_one_afterwards(self) -> None:
        assert isinstance(area, FunctionType)
        code = area.__code__
        with probing("area > height") as probe:
            probe.values()
            assert area.__code__ is not code
        assert area.__code__ is code

    def test_a_probe_lets_go_of_what_it_probed(self) -> None:
        def make() -> Callable[[int], int]:
            def short(x: int) -> int:
                y = x + 1
                return y

            return short

        short = make()
        probe = probing("short > y")
        with probe.values() as results:
            short(1)
        reference = weakref.ref(short)
        del short
        gc.collect()
        assert results == [{"y": 2}]
        assert reference() is None

    def test_an_error_inside_ends_the_probe(self) -> None:
        probe = probing("area > height")
        results = probe.values()
        with pytest.raises(ZeroDivisionError), probe:
            area(1)
            1 / 0  # noqa: B018  # for its error
        area(2)
        assert results == [{"height": 2}]

    def test_generators_deliver_as_they_run(self) -> None:
        with probing("steps > i")["i"].values() as results:
            running = steps(3)
            assert results == []
            next(running)
            assert results == [0]
            list(running)
        assert results == [0, 1, 2]


class TestTotal:
    def test_without_a_focus_one_event_for_each_activation(self) -> None:
        with probing("area{width, height}").values() as results:
            area(2)
            area(3)
        assert results == [{"width": 2, "height": 3}, {"width": 3, "height": 4}]

    def test_by_request_with_a_focus(self) -> None:
        with probing("both{width} > area > height", probe_type="total").values() as results:
            assert results == []
            both(3)
        assert results == [{"width": 3, "height": 4}, {"width": 3, "height": 5}]

    def test_a_capture_with_several_values_is_an_error(self) -> None:
        with pytest.raises(CaptureError, match="`number` has 2 values in one event"):
            with probing("total{number}").values():
                total([1, 2])

    def test_unless_raw(self) -> None:
        with probing("total{number}", raw=True).values() as results:
            total([1, 2])
        assert results == [{"number": Captured("number", ["number", "number"], [1, 2])}]


class TestRaw:
    def test_captures_know_their_names(self) -> None:
        with probing("area > height as h", raw=True)["h"].values() as results:
            area(2)
        (captured,) = results
        assert (captured.name, captured.names) == ("height", ["height"])
        assert (captured.value, captured.values) == (3, [3])
        assert captured.capture == "h"


class TestRefusals:
    def test_no_selector(self) -> None:
        with pytest.raises(TypeError, match="takes at least one selector argument"):
            probing()

    def test_no_such_probe_type(self) -> None:
        with pytest.raises(TypeError, match="probe_type must be 'immediate', 'total' or None"):
            probing("area > height", probe_type="late")  # type: ignore[arg-type]  # the point

    def test_immediate_without_a_focus(self) -> None:
        with pytest.raises(ProbeError) as caught:
            probing("area{height}", probe_type="immediate")
        assert str(caught.value) == (
            "Cannot probe `area{height}`: Without a focus nothing is immediate. "
            "Mark a variable with `!` as its focus."
        )

    def test_an_unknown_function(self) -> None:
        with pytest.raises(UnknownFunctionError, match="Did you mean `area`"):
            probing("areo > height")

    def test_an_unknown_variable(self) -> None:
        with pytest.raises(UnknownVariableError, match="Did you mean `height`"):
            probing("area > hight")

    def test_entering_twice(self) -> None:
        probe = probing("area > height")
        with probe:
            pass
        with pytest.raises(ProbeError) as caught, probe:
            pass
        assert str(caught.value) == (
            "Cannot probe `area > height`: An instance of Probe can only be entered once. "
            "Make another one with `probing(...)`."
        )

    def test_entering_what_is_active(self) -> None:
        with probing("area > height") as probe:
            with pytest.raises(ProbeError, match="can only be entered once"), probe.values():
                pass

    def test_an_unknown_capture(self) -> None:
        with pytest.raises(UnknownCaptureError) as caught:
            probing("area > height")["hight"]
        assert str(caught.value) == (
            "There is no capture `hight` (there is `height`). Did you mean `height`?"
        )
        assert isinstance(caught.value, KeyError)

    def test_an_overriding_probe_without_a_focus(self) -> None:
        with pytest.raises(ProbeError) as caught:
            probing("area{height}", overridable=True)
        assert str(caught.value) == (
            "Cannot probe `area{height}`: OverridableProbe must use the 'immediate' probe type. "
            "Mark a variable with `!` as its focus."
        )

    def test_a_total_overriding_probe(self) -> None:
        with pytest.raises(
            ProbeError, match="must use the 'immediate' probe type. Leave `probe_type` out"
        ):
            probing("area > height", overridable=True, probe_type="total")

    def test_a_probe_is_not_iterable(self) -> None:
        probe: Any = probing("area > height")
        with pytest.raises(TypeError, match="not iterable"):
            list(probe)

    def test_an_unknown_operator(self) -> None:
        with pytest.raises(AttributeError) as caught:
            probing("area > height").mapp(str)
        assert str(caught.value) == (
            "`Probe` has no attribute or operator `mapp`. Did you mean `map`?"
        )


class TestObjects:
    def test_repr(self) -> None:
        assert repr(probing("area > height", "total{!number}")) == (
            "<Probe of area > height, total > number>"
        )

    def test_classes(self) -> None:
        assert isinstance(probing("area > height"), Probe)
        assert isinstance(probing("area > height", overridable=True), Probe)
        with Probe("area > height") as probe:
            results = probe.values()
            area(2)
        assert results == [{"height": 3}]

    def test_operators_are_listed(self) -> None:
        names = dir(probing("area > height"))
        assert {"map", "kfilter", "average", "values", "wrap"} <= set(names)


def test_the_module_of_ptera_1_is_still_there() -> None:
    from ptera import probe, probing

    assert probe.probing is probing
