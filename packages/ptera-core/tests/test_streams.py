"""Operators on the streams of probes: reactivex's own, and Ptera's."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ptera import op, probing

NUMBERS = (3, 1, 4, 1, 5)


def numbers(xs: Sequence[Any]) -> None:
    for x in xs:
        assert x is not None


def after(operate: Callable[[Any], Any], xs: Sequence[Any] = NUMBERS) -> list[Any]:
    """Gives what is left of some elements after an operator."""
    with probing("numbers > x")["x"] as stream:
        results = operate(stream).accum()
        numbers(xs)
    return list(results)


class TestReductions:
    @pytest.mark.parametrize(
        ("name", "at_end", "so_far", "of_the_last_two"),
        [
            ("min", 1, [3, 1, 1, 1, 1], [3, 1, 1, 1, 1]),
            ("max", 5, [3, 3, 4, 4, 5], [3, 3, 4, 4, 5]),
            ("sum", 14, [3, 4, 8, 9, 14], [3, 4, 5, 5, 6]),
            ("count", 5, [1, 2, 3, 4, 5], [1, 2, 2, 2, 2]),
            ("average", 2.8, [3, 2, 8 / 3, 9 / 4, 2.8], [3, 2, 2.5, 2.5, 3]),
            ("mean", 2.8, [3, 2, 8 / 3, 9 / 4, 2.8], [3, 2, 2.5, 2.5, 3]),
        ],
    )
    def test_ends_and_scans(
        self, name: str, at_end: float, so_far: list[float], of_the_last_two: list[float]
    ) -> None:
        assert after(lambda s: getattr(s, name)()) == [pytest.approx(at_end)]
        assert after(lambda s: getattr(s, name)(scan=True)) == pytest.approx(so_far)
        assert after(lambda s: getattr(s, name)(scan=2)) == pytest.approx(of_the_last_two)

    def test_variance(self) -> None:
        assert after(lambda s: s.variance()) == [pytest.approx(3.2)]
        assert after(lambda s: s.variance(), [7]) == [None]
        assert after(lambda s: s.average_and_variance()) == [pytest.approx((2.8, 3.2))]
        rolled = after(lambda s: s.variance(scan=2))
        assert rolled[0] is None
        assert rolled[1:] == pytest.approx([2, 4.5, 4.5, 8])

    def test_keys_and_comparers(self) -> None:
        words = ["pear", "fig", "apple"]
        assert after(lambda s: s.min(key=len), words) == ["fig"]
        assert after(lambda s: s.max(key=1), words) == ["apple"]
        by_length = after(lambda s: s.max(comparer=lambda a, b: len(a) - len(b)), words)
        assert by_length == ["apple"]

    def test_the_first_of_equals_is_the_smallest_and_the_last_the_largest(self) -> None:
        pairs = [(1, "a"), (1, "b")]
        assert after(lambda s: s.min(key=0), pairs) == [(1, "a")]
        assert after(lambda s: s.max(key=0), pairs) == [(1, "b")]

    def test_seeds(self) -> None:
        assert after(lambda s: s.min(seed=0)) == [0]
        assert after(lambda s: s.sum(seed=100)) == [114]
        assert after(lambda s: s.sum(seed=100, scan=2)) == [103, 104, 105, 105, 106]
        assert after(lambda s: s.average(seed=(0, 0)), [2, 4]) == [3]

    def test_count_of_some(self) -> None:
        assert after(lambda s: s.count(lambda x: x > 2)) == [3]
        assert after(lambda s: s.count(lambda x: x > 2, scan=2)) == [1, 1, 1, 1, 1]

    def test_nothing_to_reduce(self) -> None:
        assert after(lambda s: s.count(), []) == [0]
        assert after(lambda s: s.sum(seed=7), []) == [7]
        assert after(lambda s: s.min().allow_empty(), []) == []
        with pytest.raises(Exception, match="no elements"):
            after(lambda s: s.min(), [])

    def test_only_emptiness_is_allowed(self) -> None:
        with pytest.raises(ZeroDivisionError):
            after(lambda s: s.map(lambda x: 1 / 0).min().allow_empty())

    def test_the_ends_of_an_order(self) -> None:
        assert after(lambda s: s.top(2)) == [5, 4]
        assert after(lambda s: s.bottom(3)) == [1, 1, 3]
        assert after(lambda s: s.bottom(2, reverse=True)) == [5, 4]
        assert after(lambda s: s.top(1, key=lambda x: -x)) == [1]
        assert after(lambda s: s.top(2), []) == []

    def test_sort(self) -> None:
        assert after(lambda s: s.sort()) == [1, 1, 3, 4, 5]
        assert after(lambda s: s.sort(reverse=True)) == [5, 4, 3, 1, 1]
        assert after(lambda s: s.sort(key=lambda x: abs(x - 3))) == [3, 4, 1, 1, 5]

    def test_roll(self) -> None:
        assert after(lambda s: s.roll(2).map(tuple)) == [(3,), (3, 1), (1, 4), (4, 1), (1, 5)]

        def keep(last: Any, new: Any, drop: Any, last_size: int, current_size: int) -> Any:
            return (last, new, drop, last_size, current_size)

        assert after(lambda s: s.roll(2, keep, seed=None), [1, 2, 3])[-1] == (
            ((None, 1, None, 0, 1), 2, None, 1, 2), 3, 1, 2, 2,
        )  # fmt: skip
        assert after(lambda s: s.roll(2, lambda last, new, **_: last + new), [1, 2, 3]) == [1, 3, 6]

    def test_each_subscription_has_a_state_of_its_own(self) -> None:
        with probing("numbers > x")["x"] as stream:
            rolled = stream.roll(2).map(tuple)
            first, second = rolled.accum(), rolled.accum()
            numbers([1, 2])
        assert first == second == [(1,), (1, 2)]


class TestEntries:
    ENTRIES = ({"x": 1, "y": 2}, {"x": 3}, {"y": 4, "z": 5})

    def after(self, operate: Callable[[Any], Any], *entries: dict[str, Any]) -> list[Any]:
        return after(operate, entries or self.ENTRIES)

    def test_getitem(self) -> None:
        assert self.after(lambda s: s["?x"]) == [1, 3]
        assert self.after(lambda s: s["?x", "?y"]) == [(1, 2)]
        assert self.after(lambda s: s["x"], {"x": 1}) == [1]
        with pytest.raises(KeyError):
            self.after(lambda s: s["x"])

    def test_kmap(self) -> None:
        assert self.after(lambda s: s.kmap(lambda x=0, y=0: x + y)) == [3, 3, 4]
        assert self.after(lambda s: s.kmap(a=lambda x=0: x, b=lambda **all: len(all))) == [
            {"a": 1, "b": 2}, {"a": 3, "b": 1}, {"a": 0, "b": 2},
        ]  # fmt: skip

    @pytest.mark.parametrize("operate", [lambda s: s.kmap(), lambda s: s.kmap(abs, x=abs)])
    def test_kmap_of_nothing_or_too_much(self, operate: Callable[[Any], Any]) -> None:
        with pytest.raises(TypeError, match="one function, or functions by keyword, and not both"):
            self.after(operate)

    def test_kfilter(self) -> None:
        assert self.after(lambda s: s.kfilter(lambda x=0: x > 1)) == [{"x": 3}]

    def test_augment(self) -> None:
        assert self.after(lambda s: s.augment(double=lambda x: x * 2), {"x": 4, "y": 1}) == [
            {"x": 4, "y": 1, "double": 8}
        ]

    def test_affix(self) -> None:
        with probing("numbers > x") as stream:
            running = stream.affix(
                largest=stream["x"].max(scan=True), n=lambda s: s.count(scan=True)
            )
            results = running.accum()
            numbers([1, 3, 2])
        assert results == [
            {"x": 1, "largest": 1, "n": 1},
            {"x": 3, "largest": 3, "n": 2},
            {"x": 2, "largest": 3, "n": 3},
        ]

    def test_keep(self) -> None:
        assert self.after(lambda s: s.keep("x", y="why")) == [
            {"x": 1, "why": 2}, {"x": 3}, {"why": 4},
        ]  # fmt: skip
        assert self.after(lambda s: s.keep("z")) == [{"z": 5}]

    def test_where(self) -> None:
        assert self.after(lambda s: s.where("x")) == [{"x": 1, "y": 2}, {"x": 3}]
        assert self.after(lambda s: s.where("x", "!y")) == [{"x": 3}]
        assert self.after(lambda s: s.where(x=1)) == [{"x": 1, "y": 2}]
        assert self.after(lambda s: s.where(y=lambda y: y > 2)) == [{"y": 4, "z": 5}]
        assert self.after(lambda s: s.where_any("x", "z")) == list(self.ENTRIES)

    def test_merging(self) -> None:
        assert self.after(lambda s: s.kmerge()) == [{"x": 3, "y": 4, "z": 5}]
        so_far = [{"x": 1, "y": 2}, {"x": 3, "y": 2}, {"x": 3, "y": 4, "z": 5}]
        assert self.after(lambda s: s.kmerge(scan=True)) == so_far
        assert self.after(lambda s: s.kscan()) == so_far

    def test_as_and_sole(self) -> None:
        assert after(lambda s: s.as_("n").sole(), [1]) == [1]
        assert self.after(lambda s: s.sole(keep_key=True, exclude="y"), {"x": 1, "y": 2}) == [
            ("x", 1)
        ]
        with pytest.raises(ValueError, match="sole.. takes dicts with one entry, not 2"):
            self.after(lambda s: s.sole())

    def test_flatten(self) -> None:
        assert after(lambda s: s.flatten(), [[1, 2], [3]]) == [1, 2, 3]
        assert after(lambda s: s.flatten(lambda x: [x, x]), [1]) == [1, 1]

    def test_format(self) -> None:
        assert self.after(lambda s: s.format("{x}", skip_missing=True)) == ["1", "3"]
        assert self.after(lambda s: s.format("{}", raw=True), {"x": 1}) == ["{'x': 1}"]
        assert after(lambda s: s.format("{}-{}"), [(1, 2)]) == ["1-2"]
        assert after(lambda s: s.format("<{}>"), [1]) == ["<1>"]

    def test_collect_between(self) -> None:
        entries = [{"A": 1}, {"B": 2}, {"C": 3, "A": 5}, {"B": 7}, {"Z": 6}]
        assert self.after(lambda s: s.collect_between("A", "Z"), *entries) == [
            {"A": 5, "C": 3, "B": 7, "Z": 6}
        ]
        entries = [{"A": 1, "k": 1}, {"A": 2, "k": 2}, {"Z": 3, "k": 1}, {"B": 0}, {"Z": 4, "k": 2}]
        assert self.after(lambda s: s.collect_between("A", "Z", common="k"), *entries) == [
            {"A": 1, "Z": 3, "k": 1}, {"A": 2, "Z": 4, "k": 2},
        ]  # fmt: skip


class TestReactive:
    def test_a_chain(self) -> None:
        with probing("numbers > x") as probe:
            results = probe["x"].filter(lambda x: x > 1).map(lambda x: x * 10).skip(1).accum()
            numbers(NUMBERS)
        assert results == [40, 50]

    @pytest.mark.parametrize(
        ("operate", "expected"),
        [
            (lambda s: s.first(), [3]),
            (lambda s: s.last(), [5]),
            (lambda s: s.take(2), [3, 1]),
            (lambda s: s.distinct(), [3, 1, 4, 5]),
            (lambda s: s.norepeat(), [3, 1, 4, 1, 5]),
            (lambda s: s.pairwise(), [(3, 1), (1, 4), (4, 1), (1, 5)]),
            (lambda s: s.scan(lambda a, b: a + b), [3, 4, 8, 9, 14]),
            (lambda s: s.reduce(lambda a, b: a * b), [60]),
            (lambda s: s.to_list(), [[3, 1, 4, 1, 5]]),
            (lambda s: s.getattr("real"), [3, 1, 4, 1, 5]),
            (lambda s: s.some(lambda x: x == 4), [True]),
            (lambda s: s.buffer_with_count(3), [[3, 1, 4], [1, 5]]),
            (lambda s: s.zip(s.skip(1)), [(3, 1), (1, 4), (4, 1), (1, 5)]),
            (lambda s: s.is_empty(), [False]),
        ],
    )
    def test_operators(self, operate: Callable[[Any], Any], expected: list[Any]) -> None:
        assert after(operate) == expected

    def test_merging_streams(self) -> None:
        with probing("numbers > x") as probe:
            x = probe["x"]
            results = (x | x.map(lambda value: -value)).accum()
            numbers([1, 2])
        assert results == [1, -1, 2, -2]

    def test_partition(self) -> None:
        with probing("numbers > x")["x"] as stream:
            even, odd = stream.partition(lambda x: x % 2 == 0)
            evens, odds = even.accum(), odd.accum()
            numbers(NUMBERS)
        assert (evens, odds) == ([4], [3, 1, 1, 5])

    def test_pipe(self) -> None:
        from reactivex import operators

        assert after(lambda s: s.pipe(operators.map(str), operators.take(2))) == ["3", "1"]

    def test_the_observable(self) -> None:
        seen: list[Any] = []
        with probing("numbers > x")["x"] as stream:
            subscription = stream.observable.subscribe(seen.append)
            numbers([1])
            subscription.dispose()
            numbers([2])
        assert seen == [1]

    def test_reductions_as_the_context(self) -> None:
        with probing("numbers > x")["x"].min() as smallest:
            results = smallest.accum()
            numbers(NUMBERS)
        assert results == [1]

    def test_the_end_comes_before_the_disposal(self, capsys: pytest.CaptureFixture[str]) -> None:
        with probing("numbers > x")["x"].min().print("min {}"):
            numbers(NUMBERS)
        assert capsys.readouterr().out == "min 1\n"

    def test_an_operator_that_fails(self) -> None:
        errors: list[Exception] = []
        with probing("numbers > x")["x"] as stream:
            stream.map(lambda x: 1 // (x - 1)).subscribe(lambda _: None, errors.append)
            numbers([3, 1, 4])
        assert [type(error) for error in errors] == [ZeroDivisionError]

    def test_an_operator_that_fails_with_nobody_to_take_it(self) -> None:
        with probing("numbers > x")["x"] as stream:
            stream.map(lambda x: 1 // (x - 1)).accum()
            with pytest.raises(ZeroDivisionError):
                numbers([1])


class TestNames:
    def test_all_operators_exist(self) -> None:
        assert [name for name in dir(op) if not callable(getattr(op, name))] == []

    def test_the_module_stands_for_all_of_them(self) -> None:
        assert after(lambda s: s.pipe(op.map(lambda x: x * 2), op.sum())) == [28]
        assert (
            {"map", "kfilter", "mean", "throttle"}
            <= set(dir(op))
            <= set(dir(probing("numbers > x")))
        )
        with pytest.raises(AttributeError, match="there is no operator `mapp`"):
            op.mapp  # noqa: B018  # for its error


BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("reactivex", "giving"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Block())
"""


def run(tmp_path: Path, text: str) -> str:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(text))
    command = [sys.executable, str(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_plain_cases_need_nothing(tmp_path: Path) -> None:
    text = """
        from ptera import global_probe, probing

        def area(width):
            height = width + 1
            return width * height

        with probing("area{width} > height") as probe:
            results, heights = probe.values(), probe["height"].values()
            probe.subscribe(print)
            probe.ksubscribe(lambda width: print(width))
            probe.print("{height}")
            probe["?height"].display(colors=False)
            probe.fail_if_empty()
            probe.koverride(lambda height: height * 10)
            area(1)
        print(results, heights)
        probe = global_probe("area > height")
        seen = probe["height"].accum()
        area(1)
        probe.deactivate()
        print(seen)
        try:
            probing("area > height").map(print)
        except ImportError as error:
            print(error)
    """
    assert run(tmp_path, BLOCKED + textwrap.dedent(text)).splitlines() == [
        "{'width': 1, 'height': 20}",
        "1",
        "20",
        "20",
        "[{'width': 1, 'height': 20}] [20]",
        "[2]",
        "Cannot use `reactivex`: the operators of a stream need it, and it is not installed. "
        "Run `pip install 'ptera-core[streams]'`.",
    ]


def test_reactivex_is_imported_with_the_first_operator(tmp_path: Path) -> None:
    text = """
        import sys
        from ptera import probing

        def area(width):
            height = width + 1

        with probing("area > height") as probe:
            probe.values()
            print("reactivex" in sys.modules)
            probe.map(str)
            print("reactivex" in sys.modules)
    """
    assert run(tmp_path, text).split() == ["False", "True"]
