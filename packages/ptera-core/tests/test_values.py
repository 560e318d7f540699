"""Defaults, overrides, equality of filters, and recurrences."""

import decimal
import fractions
import pickle

import pytest

from ptera._errors import ComparisonError, RecurrenceError
from ptera._values import Recurrence, default, override, required, same


def test_a_default_is_its_value() -> None:
    marker = object()
    assert default(marker) is marker


def test_required_is_not_for_calling() -> None:
    with pytest.raises(RuntimeError, match="decorate with `@ptera`"):
        required()


def test_an_override_has_a_value_and_a_priority() -> None:
    assert override(5) == override(5, priority=1)
    assert override(5) != override(5, priority=3)
    assert repr(override("x")) == "override(value='x', priority=1)"
    with pytest.raises(AttributeError):
        override(5).value = 6  # type: ignore[misc]  # it is frozen, which is the test


class TestSame:
    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (1, 1.0),
            (True, True),
            ("a", "a"),
            (None, None),
            (0.0, -0.0),
            (decimal.Decimal(1), 1),
            (fractions.Fraction(1, 2), 0.5),
            ([1], [1]),
        ],
    )
    def test_equal(self, left: object, right: object) -> None:
        assert same(left, right)
        assert same(right, left)

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (1, True),
            (0, False),
            (1.0, True),
            (1, "1"),
            (None, False),
            (1, 2),
            (decimal.Decimal(1), True),
        ],
    )
    def test_different(self, left: object, right: object) -> None:
        assert not same(left, right)
        assert not same(right, left)

    def test_arrays_have_no_plain_truth_value(self) -> None:
        class Array:
            def __eq__(self, other: object) -> "Array":  # type: ignore[override]  # as numpy's
                return self

            def __bool__(self) -> bool:
                raise ValueError("ambiguous")

        with pytest.raises(ComparisonError) as refused:
            same(Array(), 1)
        assert (refused.value.left, refused.value.right) == ("Array", "int")
        assert "x~is_it" in str(refused.value)

    def test_what_cannot_be_compared(self) -> None:
        class Odd:
            def __eq__(self, other: object) -> bool:
                raise LookupError

        with pytest.raises(ComparisonError) as refused:
            same(Odd(), 1)
        assert isinstance(refused.value.__cause__, LookupError)


class TestRecurrence:
    def test_all_steps_are_kept(self) -> None:
        h: Recurrence[str] = Recurrence()
        h[0] = "a"
        h[2] = "c"
        h[1] = "b"
        assert (h[0], h[1], h[2]) == ("a", "b", "c")
        assert list(h) == ["a", "b", "c"]
        assert len(h) == 3
        assert 2 in h
        assert 3 not in h
        assert repr(h) == "Recurrence({0: 'a', 1: 'b', 2: 'c'})"

    def test_only_the_last_steps_are_kept(self) -> None:
        h: Recurrence[int] = Recurrence(2)
        for k in range(5):
            h[k] = k
        h[4] = 40
        assert list(h) == [3, 40]
        with pytest.raises(RecurrenceError) as forgotten:
            h[2]
        assert str(forgotten.value) == (
            "`h[2]` is not available: only the last 2 steps are kept, up to `h[4]`. "
            "Use a longer `Recurrence`."
        )
        with pytest.raises(RecurrenceError, match="only the last 2"):
            h[1] = 1

    def test_steps_that_were_never_stored(self) -> None:
        h: Recurrence[int] = Recurrence(5)
        with pytest.raises(IndexError, match="nothing was stored there"):
            h[0]

    @pytest.mark.parametrize("store", [True, False])
    def test_negative_steps(self, store: bool) -> None:
        h: Recurrence[int] = Recurrence()
        h[0] = 1
        with pytest.raises(RecurrenceError, match=r"numbered from 0. The last one is `h\[0\]`"):
            if store:
                h[-1] = 1
            else:
                h[-1]

    def test_numbers_of_other_kinds(self) -> None:
        class One:
            def __index__(self) -> int:
                return 1

        h: Recurrence[int] = Recurrence()
        h[One()] = 5
        assert h[1] == 5
        with pytest.raises(TypeError):
            h["a"]  # type: ignore[index]  # which is the test

    @pytest.mark.parametrize("lookback", [0, -1])
    def test_it_keeps_at_least_one_step(self, lookback: int) -> None:
        with pytest.raises(ValueError, match="at least one step"):
            Recurrence(lookback)

    def test_it_can_be_pickled(self) -> None:
        h: Recurrence[int] = Recurrence(2)
        h[3] = 1
        copied = pickle.loads(pickle.dumps(h))
        assert (copied[3], copied.lookback) == (1, 2)
