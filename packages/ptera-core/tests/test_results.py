"""Results of a call, and the events of its queries."""

import copy
import pickle
from typing import Any

import pytest

from ptera import (
    Captured,
    CaptureError,
    Events,
    HandlerError,
    Results,
    UnknownCaptureError,
    ptera,
)


@ptera
def item(k: int) -> int:
    s = k * k
    return s


@ptera
def loop(n: int) -> int:
    total = 0
    for i in range(n):
        total = total + item(i)
    return total


def events_of(selector: str, n: int = 3) -> Any:
    return loop.using(q=selector)(n).q


class TestMap:
    def test_one_name_gives_values(self) -> None:
        assert events_of("item{k} > s").map("s") == [0, 1, 4]

    def test_several_names_give_tuples(self) -> None:
        assert events_of("item{k} > s").map("s", "k") == [(0, 0), (1, 1), (4, 2)]

    def test_nothing_gives_dicts(self) -> None:
        assert events_of("item{k} > s").map() == [
            {"k": 0, "s": 0},
            {"k": 1, "s": 1},
            {"k": 2, "s": 4},
        ]

    def test_a_function_gets_what_its_parameters_name(self) -> None:
        events = events_of("item{k} > s")
        assert events.map(lambda s, k: s - k) == [0, 0, 2]
        assert events.map(lambda k: k) == [0, 1, 2]
        assert events.map(lambda **captured: sorted(captured)) == [["k", "s"]] * 3

    def test_several_values_are_an_error_that_names_map_all(self) -> None:
        with pytest.raises(CaptureError, match="`s` has 3 values .* use `map_all`"):
            events_of("loop{item{s}} > n").map("s")

    def test_unknown_names(self) -> None:
        events = events_of("item{k} > s")
        with pytest.raises(UnknownCaptureError, match="There is no capture `kk`"):
            events.map("kk")
        with pytest.raises(HandlerError, match="parameter `kk`.*Did you mean `k`"):
            events.map(lambda kk: kk)
        with pytest.raises(TypeError, match="names of captures, or one function"):
            events.map("k", len)


class TestMapAllAndFull:
    def test_all(self) -> None:
        events = events_of("loop{item{s}, n} > total", 2)
        assert events.map_all("s") == [[0, 1]] * 3
        assert events.map_all("s", "total") == [([0, 1], [0]), ([0, 1], [0]), ([0, 1], [1])]
        assert events.map_all(lambda s: sum(s)) == [1, 1, 1]
        assert events.map_all()[0] == {"s": [0, 1], "n": [2], "total": [0]}

    def test_full(self) -> None:
        events = events_of("item > $v", 2)
        assert events.map_full(lambda v: (v.name, v.value)) == [
            ("k", 0),
            ("s", 0),
            ("k", 1),
            ("s", 1),
        ]
        (first, *_) = events.map_full("v")
        assert isinstance(first, Captured)
        assert (first.names, first.values) == (["k"], [0])


class TestSequence:
    def test_length_iteration_and_items(self) -> None:
        events = events_of("item > s")
        assert len(events) == 3
        assert [event["s"].value for event in events] == [0, 1, 4]
        assert events[1]["s"].value == 1
        assert events[1:].map("s") == [1, 4]
        assert not events_of("item > s", 0)

    def test_repr(self) -> None:
        assert repr(events_of("item{k} > s", 2)) == (
            "<2 events of `item{k} > s`:\n  k=0, s=0\n  k=1, s=1>"
        )
        assert repr(events_of("item > $v", 1)).endswith("\n  v (k)=0\n  v (s)=0>")
        assert repr(events_of("item > s", 7)).endswith("s=16\n  and 2 more>")
        assert repr(events_of("item > s", 0)) == "<0 events of `item > s`>"

    def test_empty_events_can_be_counted(self) -> None:
        assert len(events_of("item{:int}")) == 3
        events = events_of("loop{item{k=1}}")
        assert (len(events), events.map()) == (1, [{}])
        assert repr(events) == "<1 event of `loop{item{k=1}}`>"


class TestResults:
    def test_value_and_outcomes(self) -> None:
        results = loop.using(q="item > s")(3)
        assert isinstance(results, Results)
        assert isinstance(results.q, Events)
        assert results.value == results["value"] == 5
        assert results["q"] is results.q
        assert "q" in dir(results)

    def test_an_unknown_name(self) -> None:
        results = loop.using(squares="item > s")(3)
        with pytest.raises(AttributeError, match=r"have `value`, `squares`\). Did you mean `squa"):
            print(results.squaers)
        with pytest.raises(KeyError):
            print(results["other"])

    def test_repr(self) -> None:
        results = loop.using(q="item > s")(1)
        assert repr(results) == ("<results\n  value: 0\n  q: <1 event of `item > s`:\n    s=0>>")

    def test_copies_and_pickles(self) -> None:
        results = loop.using(q="item > s")(3)
        for other in (copy.copy(results), copy.deepcopy(results)):
            assert (other.value, other.q.map("s")) == (5, [0, 1, 4])
        again = pickle.loads(pickle.dumps(results))
        assert (again.value, again.q.map("s")) == (5, [0, 1, 4])
