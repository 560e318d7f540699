"""The engine against hand-written code that builds the same data."""

import contextvars
import sys
from collections.abc import Callable, Iterator
from typing import Any

from measure import Row, compare, report

from ptera import Overlay, default, global_probe, probing, ptera

N = 20_000


def work(n):
    for i in range(n):
        a = i * 3
    return a


def work_by_hand(n, out):
    for i in range(n):
        a = i * 3
        out.append({"a": a})
    return a


def work2_by_hand(n, out):
    for i in range(n):
        a = i * 3
        out.append({"n": n, "a": a})
    return a


def work_filter_by_hand(n, out):
    for i in range(n):
        a = i * 3
        if n == N:
            out.append({"a": a})
    return a


def work_handler_by_hand(n, handler):
    for i in range(n):
        a = i * 3
        handler(a)
    return a


def work_constant(n):
    for i in range(n):
        a = i * 3
        b = a + 1
    return b


def work_constant_by_hand(n, value):
    for i in range(n):
        a = i * 3
        a = value
        b = a + 1
    return b


def inner(k):
    for i in range(20):
        a = k + i
    return a


def outer(n):
    for i in range(n // 20):
        x = i
        inner(x)


def inner_by_hand(k, x, out):
    for i in range(20):
        a = k + i
        out.append({"x": x, "a": a})
    return a


def outer_by_hand(n, out):
    for i in range(n // 20):
        x = i
        inner_by_hand(x, x, out)


def leaf(v):
    x = v + 1
    return x


def calls(n):
    for i in range(n):
        leaf(i)


def leaf_by_hand(v, key, out):
    x = v + 1
    out.append({"i": key, "x": x})
    return x


def calls_by_hand(n, out):
    key = 0
    for i in range(n):
        leaf_by_hand(i, key, out)
        key += 1


def complete_by_hand(n, out):
    values = []
    for i in range(n):
        a = i * 3
        values.append(a)
    out.append({"n": [n], "a": values})
    return a


@ptera
def decorated(n):
    for i in range(n):
        a = i * 3
    return a


def plain_call(x):
    return x


decorated_call = ptera(plain_call)


@ptera
def scaled(x):
    factor: float = default(1.0)
    return factor * x


scaled_by_three = scaled.new(factor=3.0)


def make_closure(factor):
    def closure(x):
        return factor * x

    return closure


closure_by_three = make_closure(3.0)


def probe_of(selector: str, run: Callable[[], object], **options: Any) -> Callable[[], object]:
    def measured() -> object:
        with probing(selector, **options) as p:
            run()
        return p

    return measured


def by_hand(function: Callable[..., object], n: int = N) -> Callable[[], object]:
    return lambda: function(n, [])


def live_rows() -> Iterator[Row]:
    yield compare(
        "one capture, live", probe_of("work > a", lambda: work(N)), by_hand(work_by_hand), N, 1.25
    )
    yield compare(
        "two captures, live",
        probe_of("work{n} > a", lambda: work(N)),
        by_hand(work2_by_hand),
        N,
        1.25,
    )
    yield compare(
        "captures from two scopes",
        probe_of("outer{x} > inner > a", lambda: outer(N)),
        by_hand(outer_by_hand),
        N,
        1.4,
    )
    yield compare(
        "with a filter",
        probe_of(f"work{{n={N}}} > a", lambda: work(N)),
        by_hand(work_filter_by_hand),
        N,
        1.5,
    )
    yield compare(
        "ordinal f[$i] > x",
        probe_of("leaf[$i] > x", lambda: calls(N)),
        by_hand(calls_by_hand),
        N,
        2.0,
    )


def global_row() -> Row:
    def ours() -> object:
        p = global_probe("work > a")
        try:
            values = p.values()
            work(N)
        finally:
            p.deactivate()
        return values

    return compare("global_probe", ours, by_hand(work_by_hand), N, 1.2)


def handler_row() -> Row:
    out: list[int] = []

    def handler(a: int) -> None:
        out.append(a)

    def ours() -> None:
        out.clear()
        with probing("work > a") as p:
            p.ksubscribe(handler)
            work(N)

    def other() -> None:
        out.clear()
        work_handler_by_hand(N, handler)

    return compare("subscribed handler", ours, other, N, 1.25)


def tweak_row() -> Row:
    overlay = Overlay.tweak({"work_constant > a": 5})

    def ours() -> object:
        with overlay:
            return work_constant(N)

    return compare("constant tweak", ours, lambda: work_constant_by_hand(N, 5), N, 1.5)


def two_overlays_row() -> Row:
    def ours() -> None:
        with probing("work > a") as p, probing("work > a") as q:
            work(N)
        p.values(), q.values()

    def other() -> None:
        first: list[Any] = []
        second: list[Any] = []
        for i in range(N):
            a = i * 3
            first.append({"a": a})
            second.append({"a": a})

    return compare("two overlays at once", ours, other, N, 1.25)


def complete_row() -> Row:
    def ours() -> object:
        with probing("work{n, a}", raw=True) as p:
            for _ in range(5):
                work(1000)
        return p.values()

    def other() -> object:
        out: list[Any] = []
        for _ in range(5):
            complete_by_hand(1000, out)
        return out

    return compare("complete mode, 1,000 bindings", ours, other, 5000, 1.5)


def idle_rows() -> Iterator[Row]:
    empty = contextvars.copy_context()

    with probing("work > a"):
        # A probe without any event would warn.
        work(1)
        yield compare(
            "body in a context without the overlay",
            lambda: empty.run(work, N),
            lambda: work_constant_free(N),
            N,
            1.3,
        )
    yield compare("decorated, nobody looks: body", lambda: decorated(N), lambda: work(N), N, 1.05)

    def call(function: Callable[[int], object]) -> Callable[[], None]:
        def run() -> None:
            for i in range(N):
                function(i)

        return run

    yield compare("decorated, nobody looks: call", call(decorated_call), call(plain_call), N, 2.2)
    yield compare(
        "with state: call, to a closure", call(scaled_by_three), call(closure_by_three), N, 2.5
    )


def work_constant_free(n):
    for i in range(n):
        a = i * 3
    return a


def main(arguments: list[str]) -> None:
    rows = [
        *live_rows(),
        global_row(),
        handler_row(),
        tweak_row(),
        two_overlays_row(),
        complete_row(),
        *idle_rows(),
    ]
    report("engine, by hand-written code", rows, "--json" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
