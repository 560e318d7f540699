"""Errors carry their parts, say what to do, and survive pickling."""

import copy
import pickle

import pytest

from ptera import _errors
from ptera._errors import (
    CaptureError,
    ComparisonError,
    ConflictError,
    Failure,
    HandlerError,
    InstallationError,
    OverrideError,
    ProbeError,
    PteraError,
    RecurrenceError,
    SourceError,
    StateError,
    UnknownCaptureError,
    UnknownFunctionError,
    UnknownVariableError,
    UnsetVariableError,
    nearest,
)

EXAMPLES = [
    CaptureError("k", 3),
    CaptureError("k", 0),
    ComparisonError("ndarray", "int"),
    ConflictError("x", "f", ["the argument", "the object's state"]),
    Failure("x is negative"),
    HandlerError(nearest, "nam", ("name", "loss")),
    InstallationError("ptera_torch", "it is not installed", "pip install ptera-torch"),
    OverrideError("f", None, "the selector has no focus"),
    OverrideError("f > #exit", "#exit", "it is a point, not a variable"),
    ProbeError("f{!!y}", "It has an end but no beginning", "Mark one with `!`."),
    PteraError("plain"),
    RecurrenceError(7, "nothing was stored there"),
    SourceError("len", "it is written in C", "Wrap it in a function."),
    StateError("wieght", "layer", ("weight", "bias")),
    UnknownCaptureError("lss", ("loss", "step")),
    UnknownFunctionError("setp", ["step", "layer"]),
    UnknownVariableError("los", "step", [("step", "a.py", n) for n in range(5)], ["loss"]),
    UnsetVariableError("W", "layer", "mlp.py", 12),
    UnsetVariableError("W", "layer"),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(error: PteraError) -> None:
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        assert vars(copied) == vars(error)


def test_every_class_has_an_example() -> None:
    public = {getattr(_errors, name) for name in _errors.__all__}
    classes = {c for c in public if isinstance(c, type) and issubclass(c, PteraError)}
    assert classes == {type(error) for error in EXAMPLES}


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (CaptureError, ValueError),
        (HandlerError, TypeError),
        (InstallationError, ImportError),
        (RecurrenceError, IndexError),
        (StateError, AttributeError),
        (UnknownCaptureError, KeyError),
        (UnsetVariableError, NameError),
    ],
)
def test_an_error_is_also_what_python_would_raise(
    error: type[PteraError], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)


def test_many_places_are_cut_short() -> None:
    places = [("C.f", "a.py", line) for line in range(1, 6)]
    assert str(UnknownVariableError("los", "f", places, ())) == (
        "`f` (a.py:1, a.py:2, a.py:3, and 2 more) has no variable `los`."
    )


def test_a_focus_that_is_missing() -> None:
    error = OverrideError("f", None, "the selector has no focus")
    assert str(error) == "`f` cannot change anything: the selector has no focus."


def test_the_nearest_name() -> None:
    assert nearest("weigth", ["bias", "weight"]) == " Did you mean `weight`?"
    assert nearest("x", ["bias", "weight"]) == ""
    assert nearest("x", []) == ""
