"""Where a probe's events can go: lists, functions, the terminal, exceptions, a debugger."""

import contextvars
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ptera import CaptureError, HandlerError, InstallationError, PteraError, probing


def area(width: int) -> int:
    height = width + 1
    return width * height


def late(n: int) -> int:
    x = n
    y = x + 1
    x = y + 1
    return x


class TestLists:
    def test_values_are_a_list_while_the_probe_runs(self) -> None:
        with probing("area > height") as probe:
            results = probe.values()
            area(1)
            assert results == [{"height": 2}]
            area(2)
            assert results == [{"height": 2}, {"height": 3}]

    def test_values_asked_for_afterwards(self) -> None:
        with probing("area > height") as probe:
            area(1)
            area(2)
        assert probe.values() == [{"height": 2}, {"height": 3}]
        assert probe.values() is probe.values()

    def test_values_asked_for_in_between(self) -> None:
        with probing("area > height") as probe:
            area(1)
            results = probe.values()
            area(2)
        assert results == [{"height": 2}, {"height": 3}]

    def test_values_beside_something_else_begin_when_they_are_asked_for(self) -> None:
        with probing("area > height") as probe:
            area(1)
            probe["height"].accum()
            area(2)
            results = probe.values()
            area(3)
        assert results == [{"height": 4}]
        assert probe.values() == []

    def test_values_of_one_capture(self) -> None:
        with probing("area{width} > height") as probe:
            heights, widths = probe["height"].values(), probe["width"].values()
            both = probe["width", "height"].values()
            area(1)
            area(2)
        assert (heights, widths, both) == ([2, 3], [1, 2], [(1, 2), (2, 3)])

    @pytest.mark.parametrize("keys", [("height",), ("width", "height")])
    def test_values_as_the_context(self, keys: tuple[str, ...]) -> None:
        with probing("area{width} > height")[keys].values() as results:
            area(1)
        assert results == ([2] if len(keys) == 1 else [(1, 2)])

    def test_values_that_begin_later(self) -> None:
        with probing("area > height") as probe:
            area(1)
            results = probe["height"].values()
            area(2)
        assert results == [3]

    def test_accum_into_a_list(self) -> None:
        target = [0]
        with probing("area > height") as probe:
            assert probe["height"].accum(target) is target
            area(1)
        assert target == [0, 2]

    def test_accum_into_a_set_or_a_new_list(self) -> None:
        with probing("area > height")["height"] as heights:
            unique, every = heights.accum(set()), heights.accum()
            area(1)
            area(1)
        assert (unique, every) == ({2}, [2, 2])

    def test_accum_into_something_else(self) -> None:
        with pytest.raises(TypeError, match="can be added to a list or a set, not to str"):
            probing("area > height").accum("text")

    def test_arrows(self) -> None:
        seen: list[int] = []
        with probing("area > height") as probe:
            probe["height"] >> seen
            probe["height"] >> (lambda height: seen.append(-height))
            area(1)
        assert seen == [2, -2]

    def test_exec_and_eval(self) -> None:
        assert probing("area > height")["height"].eval(area, 1) == [2]
        seen: list[int] = []
        probe = probing("area > height")
        probe["height"] >> seen
        probe.exec(area, width=2)
        assert seen == [3]

    def test_results_can_be_copied(self) -> None:
        import copy
        import pickle

        with probing("area > height")["height"].values() as results:
            area(1)
        assert type(copy.deepcopy(results)) is list
        assert pickle.loads(pickle.dumps(results)) == [2]


class TestFunctions:
    def test_subscribe(self) -> None:
        seen: list[Any] = []
        with probing("area > height") as probe:
            probe.subscribe(seen.append)
            area(1)
        assert seen == [{"height": 2}]

    def test_subscribe_as_the_context(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area > height").subscribe(print):
            area(1)
        area(2)
        assert capsys.readouterr().out == "{'height': 2}\n"

    def test_completion(self) -> None:
        seen: list[Any] = []
        with probing("area > height")["height"] as heights:
            heights.subscribe(seen.append, on_completed=lambda: seen.append("end"))
            area(1)
        assert seen == [2, "end"]

    def test_an_observer(self) -> None:
        seen: list[Any] = []
        observer = SimpleNamespace(
            on_next=seen.append, on_error=seen.append, on_completed=lambda: seen.append("end")
        )
        with probing("area > height")["height"] as heights:
            heights.subscribe(observer)
            area(1)
        assert seen == [2, "end"]

    def test_disposal(self) -> None:
        seen: list[Any] = []
        with probing("area > height")["height"] as heights:
            subscription = heights.subscribe(seen.append)
            area(1)
            subscription.dispose()
            subscription.dispose()
            area(2)
        assert seen == [2]

    def test_many_sinks_get_the_same_events(self) -> None:
        one: list[Any] = []
        two: list[Any] = []
        with probing("area > height") as probe:
            probe.subscribe(one.append)
            area(1)
            probe.subscribe(two.append)
            area(2)
        assert one == [{"height": 2}, {"height": 3}]
        assert two == [{"height": 3}]

    @pytest.mark.parametrize("attach_first", [True, False])
    def test_ksubscribe(self, attach_first: bool) -> None:
        seen: list[Any] = []
        probe = probing("area{width} > height")

        def handler(height: int, width: int) -> None:
            seen.append((height, width))

        if attach_first:
            probe.ksubscribe(handler)
        with probe:
            if not attach_first:
                probe.ksubscribe(handler)
            area(1)
        assert seen == [(2, 1)]

    def test_ksubscribe_with_defaults_and_keywords(self) -> None:
        seen: list[Any] = []
        with probing("late{y, !x}") as probe:
            probe.ksubscribe(lambda x, y=None: seen.append((x, y)))
            probe.ksubscribe(lambda x, **rest: seen.append(rest))
            late(1)
        assert seen == [(1, None), {}, (3, 2), {"y": 2}]

    def test_ksubscribe_with_a_parameter_that_is_no_capture(self) -> None:
        with pytest.raises(HandlerError) as caught:
            probing("area{width} > height").ksubscribe(lambda hight: None)
        assert str(caught.value) == (
            "`TestFunctions.test_ksubscribe_with_a_parameter_that_is_no_capture.<locals>.<lambda>` "
            "has a parameter `hight`, which is no capture of its selector (it has `width`, "
            "`height`). Did you mean `height`?"
        )

    def test_a_capture_without_a_value_yet(self) -> None:
        with probing("late{y, !x}") as probe:
            probe["y"].subscribe(print)
            with pytest.raises(CaptureError, match="`y` has no value in this event"):
                late(1)

    def test_a_capture_without_a_value_yet_by_position(self) -> None:
        with probing("late{y, !x}")["y"].values():
            with pytest.raises(CaptureError, match="`y` has no value in this event"):
                late(1)

    def test_an_optional_capture(self) -> None:
        with probing("late{y, !x}")["?y"].values() as results:
            late(1)
        assert results == [2]

    def test_a_handler_that_raises_says_where(self) -> None:
        def refuse(event: object) -> None:
            raise ValueError("no")

        with probing("area > height") as probe:
            probe.subscribe(refuse)
            with pytest.raises(ValueError, match="no") as caught:
                area(1)
        assert caught.value.__notes__ == ["while handling the selector `area > height`"]

    def test_a_handlers_own_calls_are_not_captured(self) -> None:
        seen: list[Any] = []

        def again(event: dict[str, int]) -> None:
            seen.append(event)
            area(10)

        with probing("area > height").subscribe(again):
            area(1)
        assert seen == [{"height": 2}]


class TestAttachingWhileActive:
    """A sink that is alone has rules of its own; others must not lose anything by it."""

    def test_a_second_sink(self) -> None:
        with probing("area{width} > height") as probe:
            heights = probe["height"].values()
            area(1)
            events = probe.values()
            area(2)
        assert heights == [2, 3]
        assert events == [{"width": 2, "height": 3}]

    def test_a_second_sink_after_one_attached_before(self) -> None:
        probe = probing("area{width} > height")
        heights = probe["height"].values()
        with probe:
            area(1)
            events = probe.values()
            area(2)
        assert heights == [2, 3]
        assert events == [{"width": 2, "height": 3}]

    def test_from_inside_a_function_that_is_probed(self) -> None:
        results: list[Any] = []

        def outer(attach: Callable[[], None]) -> int:
            x = 1
            attach()
            y = x + 1
            return y

        with probing("outer{x} > y") as probe:
            outer(lambda: results.append(probe["y"].values()))
        assert results == [[2]]

    def test_from_another_context(self) -> None:
        with probing("area > height") as probe:
            results = contextvars.Context().run(probe["height"].values)
            area(1)
        assert results == [2]

    def test_while_a_generator_is_suspended(self) -> None:
        def numbers() -> Any:
            for number in (1, 2, 3):  # noqa: UP028  # its variable is what is probed
                yield number

        with probing("numbers > number") as probe:
            running = numbers()
            next(running)
            results = probe["number"].values()
            list(running)
        assert results == [2, 3]


class TestTerminal:
    def test_print(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area{width} > height").print():
            area(1)
        assert capsys.readouterr().out == "{'width': 1, 'height': 2}\n"

    def test_print_with_a_format(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area{width} > height") as probe:
            probe.print("{width} x {height}")
            probe["height"].print("h={}")
            probe["width", "height"].print("{} and {}")
            area(1)
        assert capsys.readouterr().out == "1 x 2\nh=2\n1 and 2\n"

    def test_print_with_a_name_that_is_missing(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("late{y, !x}").print("{y}", skip_missing=True):
            late(1)
        assert capsys.readouterr().out == "2\n"
        with pytest.raises(KeyError), probing("late{y, !x}").print("{y}"):
            late(1)

    def test_display(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area{width} > height") as probe:
            probe.display(colors=False)
            probe["height"].display(colors=False)
            area(1)
        assert capsys.readouterr().out == "width: 1; height: 2\n2\n"

    def test_display_with_colours(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area > height").display():
            area(1)
        out = capsys.readouterr().out
        assert out.startswith("\033[1;3") and out.endswith("mheight:\033[0m 2\n")

    def test_display_of_a_time_and_a_word(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("area > height") as probe:
            marks = {"$time": 0, "$word": "apple", "$group": "fruit"}
            probe.map(lambda event: {**marks, **event}).display(colors=False)
            area(1)
        assert capsys.readouterr().out == "«fruit:apple» [1970-01-01 00:00:00] height: 2\n"


class TestFailures:
    def test_fail(self) -> None:
        with pytest.raises(PteraError) as caught, probing("area > height").fail():
            area(1)
        assert str(caught.value) == "{'height': 2}"
        assert type(caught.value).__name__ == "Failure"

    def test_fail_with_a_message_and_a_class(self) -> None:
        with probing("area > height") as probe:
            probe.filter(lambda event: event["height"] > 2).fail("high: {height}", ValueError)
            area(1)
            with pytest.raises(ValueError, match="^high: 3"):
                area(2)

    def test_the_traceback_ends_in_the_program(self) -> None:
        with pytest.raises(PteraError) as caught:
            with probing("area > height")["height"].filter(lambda h: h > 2).fail():
                area(2)
        assert caught.traceback[-1].name == "area"

    def test_fail_if_false(self) -> None:
        with probing("area > height") as probe:
            probe["height"].map(lambda height: height < 3).fail_if_false()
            area(1)
            with pytest.raises(PteraError, match="^Value is false"):
                area(2)

    def test_fail_if_empty(self) -> None:
        with pytest.raises(PteraError, match="^Stream is empty$"):
            with probing("area > height") as probe:
                probe.fail_if_empty()

    def test_fail_if_empty_as_the_context(self) -> None:
        with pytest.raises(PteraError, match="^no heights$"):
            with probing("area > height").fail_if_empty("no heights"):
                pass
        with probing("area > height").fail_if_empty():
            area(1)

    def test_an_error_inside_is_not_hidden(self) -> None:
        with pytest.raises(ZeroDivisionError) as caught:
            with probing("area > height").fail_if_empty():
                1 / 0  # noqa: B018  # for its error
        assert caught.value.__notes__ == ["Also, when the probe ended: Failure: Stream is empty"]

    def test_all_sinks_are_told_of_the_end(self) -> None:
        seen: list[str] = []
        with pytest.raises(PteraError, match="one") as caught:
            with probing("area > height") as probe:
                probe.fail_if_empty("one")
                probe.fail_if_empty("two")
                probe.subscribe(print, on_completed=lambda: seen.append("end"))
        assert seen == ["end"]
        assert caught.value.__notes__ == ["Also, when the probe ended: Failure: two"]


class TestDebugger:
    def test_breakpoint(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stops: list[str] = []
        monkeypatch.setattr(sys, "breakpointhook", lambda: stops.append("here"))
        with probing("area > height") as probe:
            probe.filter(lambda event: event["height"] > 2).breakpoint()
            area(1)
            assert stops == []
            area(2)
        assert stops == ["here"]
        assert capsys.readouterr().out.startswith("Breaking on ")

    def test_pdb_starts_in_the_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import pdb

        frames: list[Any] = []
        monkeypatch.setattr(sys, "breakpointhook", sys.__breakpointhook__)
        monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
        monkeypatch.setattr(pdb.Pdb, "set_trace", lambda self, frame: frames.append(frame))
        with probing("area > height").breakpoint():
            area(1)
        (frame,) = frames
        assert frame.f_code.co_name == "area"

    def test_breakword(self, monkeypatch: pytest.MonkeyPatch) -> None:
        words = iter(["apple", "pear", "plum"])
        package = SimpleNamespace(groups={"": SimpleNamespace(gen=lambda: next(words))})
        monkeypatch.setitem(sys.modules, "breakword", package)
        stops: list[Any] = []
        monkeypatch.setattr(sys, "breakpointhook", lambda: stops.append(len(seen)))
        seen: list[Any] = []
        with probing("area > height") as probe:
            tagged = probe.tag()
            tagged >> seen
            tagged.breakword(word="pear")
            for width in (1, 2, 3):
                area(width)
        assert stops == [2]
        assert seen[0] == {"$word": "apple", "height": 2}

    def test_breakword_without_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "breakword", None)
        with pytest.raises(InstallationError, match="Run `pip install breakword`"):
            probing("area > height").breakword()
