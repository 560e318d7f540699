"""Finalizers that a collection runs may be tapped: before Python 3.12 that could end the process.

What went wrong then (python/cpython#148891) shows with valgrind, or in a program as large as
click's tests; here is that what prevents it is in force, and for no longer than it must be.
"""

import contextvars
import gc
import sys
import weakref

import pytest

from ptera import probing


class Thing:
    pass


variable: "contextvars.ContextVar[Thing]" = contextvars.ContextVar("variable")


def area(width: int) -> int:
    height = width
    return height


def set_twice() -> "weakref.ref[Thing]":
    variable.set(thing := Thing())
    gc.collect()
    variable.set(Thing())
    return weakref.ref(thing)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="collections wait for a safe moment")
def test_a_collection_keeps_the_context_that_it_began_in() -> None:
    with probing("area > height"):
        reference = set_twice()
        assert reference() is not None
    assert reference() is None


def test_nothing_is_kept_without_taps() -> None:
    assert set_twice()() is None


def test_the_collector_is_left_alone_afterwards() -> None:
    before = list(gc.callbacks)
    with probing("area > height"), probing("area > width"):
        area(1)
    assert gc.callbacks == before
