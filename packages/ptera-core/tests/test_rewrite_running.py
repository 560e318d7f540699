"""Rewritten functions do what the original ones do, and the taps see what is bound."""

import ast
import asyncio
import gc
import sys
import traceback
import weakref
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any

import pytest

from ptera._errors import SourceError
from ptera._source import compile_node, source_of
from ptera.rewrite import Weave, Weaves

Woven = Callable[..., tuple[FunctionType, Any]]


def doubled(name: str, value: Any) -> Any:
    return value * 2


class TestBindings:
    def test_unpacking_of_an_iterator(self, woven: Woven) -> None:
        f, events = woven("def f(xs):\n    a, *b = xs\n    return b", wants="a b")
        assert f(iter([1, 2, 3])) == [2, 3]
        assert events.seen == [("a", 1), ("b", [2, 3])]

    def test_unpacking_too_much_still_fails(self, woven: Woven) -> None:
        f, events = woven("def f(xs):\n    a, self.b = xs", wants="a self.b")
        with pytest.raises(ValueError, match="too many values"):
            f([1, 2, 3])
        assert events.seen == []

    def test_a_failure_in_the_middle_of_a_statement(self, woven: Woven) -> None:
        text = """def f(xs, h):
    a = None
    try:
        a, (b, h[0]) = xs
    except TypeError:
        return a
"""
        f, events = woven(text, wants="a b", elements="h")
        assert f([1, 2], {}) == 1
        assert events.seen == [("a", None)]

    def test_values_are_replaced_before_anyone_sees_them(self, woven: Woven) -> None:
        text = """def f(n):
    for i in range(n):
        a, b = i, i + 1
        self.x = a
        h[i] = b
    return i, a, b
"""
        owner: Any = type("Owner", (), {})()
        h: dict[int, int] = {}
        f, events = woven(
            text,
            changes=doubled,
            names={"self": owner, "h": h},
            replaces="n i a self.x",
            elements="h",
        )
        assert f(1) == (2, 4, 3)
        assert owner.x == 8
        assert h == {0: 1, 2: 3}
        assert events.seen == [
            ("n", 2),
            *[("i", 0), ("a", 0), ("self.x", 0), ("h", 0, 1)],
            *[("i", 2), ("a", 4), ("self.x", 8), ("h", 2, 3)],
        ]

    def test_a_slice_is_stored_as_before(self, woven: Woven) -> None:
        text = "def f(h):\n    slice = None\n    h[1:3] = 'xy'\n    h[0] += 'b'\n    return h"
        f, events = woven(text, elements="h")
        assert f(list("abcd")) == ["ab", "x", "y", "d"]
        assert events.seen == [("h", slice(1, 3), "xy"), ("h", 0, "ab")]

    def test_a_property_is_read_and_set_once(self, woven: Woven) -> None:
        log: list[Any] = []

        class Owner:
            @property
            def x(self) -> list[int]:
                log.append("get")
                return [1]

            @x.setter
            def x(self, value: list[int]) -> None:
                log.append(("set", value))

        f, events = woven("def f(self):\n    self.x += [2]\n    self.x = [3]", wants="self.x")
        f(Owner())
        assert log == ["get", ("set", [1, 2]), ("set", [3])]
        assert events.seen == [("self.x", [1, 2]), ("self.x", [3])]

    def test_walrus_and_comprehensions(self, woven: Woven) -> None:
        text = """def f(xs):
    found = [y for x in xs if (y := x + 1) > 1]
    while (n := len(xs)) > 1:
        xs = xs[1:]
    return found, y, n
"""
        f, events = woven(text, replaces="y", wants="x n", changes=doubled)
        assert f([0, 1]) == ([2, 4], 4, 1)
        assert events.seen == [("x", 0), ("y", 2), ("x", 1), ("y", 4), ("n", 2), ("n", 1)]

    def test_match_captures_are_bound_before_the_guard(self, woven: Woven) -> None:
        text = """def f(s):
    match s:
        case [x, y] if x > y:
            return "first"
        case [x, *rest]:
            return rest
        case {"k": x, **others}:
            return others
"""
        f, events = woven(text, wants="x y rest others")
        assert f([1, 2]) == [2]
        assert events.seen == [("x", 1), ("y", 2), ("x", 1), ("rest", [2])]
        assert f({"k": 1, "l": 2}) == {"l": 2}

    def test_a_replaced_match_capture_is_what_the_guard_sees(self, woven: Woven) -> None:
        text = "def f(s):\n    match s:\n        case x if x > 5: return x"
        f, _ = woven(text, replaces="x", changes=doubled)
        assert f(3) == 6
        assert f(2) is None

    def test_with_taps_before_the_next_manager_is_made(self, woven: Woven) -> None:
        text = """def f(make):
    with make("a") as a, make("b") as b:
        log.append((a, b))
"""
        log: list[Any] = []

        class Manager:
            def __init__(self, name: str) -> None:
                log.append(f"make {name}")
                self.name = name

            def __enter__(self) -> str:
                return self.name

            def __exit__(self, *error: object) -> None:
                log.append(f"exit {self.name}")

        f, events = woven(text, names={"log": log}, wants="a b")
        events.seen = log
        f.__globals__["TAP"] = lambda name, value: log.append(f"tap {name}")
        f(Manager)
        assert log == ["make a", "tap a", "make b", "tap b", ("a", "b"), "exit b", "exit a"]

    def test_global_and_nonlocal_assignments(self, woven: Woven) -> None:
        text = """def outer():
    n = 0
    def f():
        global g
        nonlocal n
        n += 1
        g = n
        return n
    return f
f = outer()
"""
        f, events = woven(text, wants="n g")
        assert (f(), f(), f.__globals__["g"]) == (1, 2, 2)
        assert events.seen == [("n", 1), ("g", 1), ("n", 2), ("g", 2)]

    def test_names_that_are_only_read(self, woven: Woven) -> None:
        f, events = woven("def f():\n    return known", names={"known": 3}, wants="known unknown")
        assert f() == 3
        assert events.seen == [("known", 3)]
        f, events = woven("def f(a):\n    return a or unknown", wants="unknown")
        assert f(1) == 1
        assert events.seen == []

    def test_a_required_variable_of_a_closure(self, woven: Woven) -> None:
        text = """def outer(required):
    def f():
        x: int = required()
        return x
    return f
f = outer(None)
"""
        f, _ = woven(text, wants="x", options="declare")
        assert f() == "declared x"

    def test_super_and_private_names(self, woven: Woven) -> None:
        text = """class Base:
    def m(self): return 1
class __Odd(Base):
    def m(self):
        self.__x = __y = super().m()
        return self._Odd__x + __y + self.n()
    def n(self):
        x = __class__
        return len(x.__mro__)
f = __Odd.m
"""
        f, events = woven(text, wants="self.__x __y")
        assert f(f.__globals__["__Odd"]()) == 5
        assert events.seen == [("self.__x", 1), ("__y", 1)]

    def test_locals_are_what_they_were(self, woven: Woven) -> None:
        text = "def f(a):\n    b, self.c = a\n    return sorted(locals()), dir(), vars()['b']"
        names = {"self": type("Owner", (), {})()}
        f, _ = woven(text, names=names, wants="b self.c #value", options="locals")
        assert f([1, 2]) == (["a", "b"], ["a", "b"], 1)

    def test_created_functions_are_seen_undecorated(self, woven: Woven) -> None:
        text = """def f():
    seen = []
    def decorate(function):
        seen.append(function)
        return None
    @decorate
    def g(): return 1
    return seen[0](), (lambda: 2)()
"""
        f, events = woven(text, options="created")
        assert f() == (1, 2)
        assert events.seen == ["created"] * 3


class TestPoints:
    def test_a_plain_function(self, woven: Woven) -> None:
        text = "def f(a, *b, c, **d):\n    x = a\n    return x"
        everything = "#enter a b c d x #value #exit #error"
        f, events = woven(text, wants=everything, options="prologue epilogue")
        assert f(1, 2, c=3, d=4) == 1
        assert events.seen == [
            "prologue",
            ("#enter", True),
            *[("a", 1), ("b", (2,)), ("c", 3), ("d", {"d": 4}), ("x", 1)],
            ("#value", 1),
            ("#exit", True),
            "epilogue",
        ]

    def test_an_error(self, woven: Woven) -> None:
        f, events = woven("def f():\n    1 / 0", wants="#error #exit #value", options="epilogue")
        with pytest.raises(ZeroDivisionError) as caught:
            f()
        assert events.seen == [("#error", caught.value), ("#exit", True), "epilogue"]
        assert [entry.lineno for entry in traceback.extract_tb(caught.value.__traceback__)][1:] == [
            2
        ]
        assert caught.value.__context__ is None

    def test_the_end_of_the_body_returns_none(self, woven: Woven) -> None:
        f, events = woven("def f(a):\n    if a: return 1", wants="#value")
        assert (f(0), f(1)) == (None, 1)
        assert events.seen == [("#value", None), ("#value", 1)]

    def test_the_value_comes_after_all_cleaning_up(self, woven: Woven) -> None:
        text = """def f(a):
    try:
        return a
    finally:
        b = 1
"""
        f, events = woven(text, wants="b #value #exit")
        assert f(5) == 5
        assert events.seen == [("b", 1), ("#value", 5), ("#exit", True)]

    def test_a_return_that_is_called_off(self, woven: Woven) -> None:
        text = """def f(a):
    while True:
        try:
            return 1
        finally:
            break
    for _ in a:
        try:
            return 2
        finally:
            return 3
    try:
        try:
            return 4
        finally:
            a.missing
    except AttributeError:
        pass
    if a is None:
        raise KeyError
"""
        f, events = woven(text, changes=doubled, replaces="#value")
        assert f([0]) == 6
        assert events.seen == [("#value", 6)]
        f.__globals__["NEW"] = lambda name, value: value
        assert f([]) is None
        assert events.seen == [("#value", 6), ("#value", None)]

    def test_no_value_after_an_error(self, woven: Woven) -> None:
        text = """def f():
    with open:
        return 1
"""

        class Failing:
            def __enter__(self) -> None: ...
            def __exit__(self, *error: object) -> None:
                raise KeyError

        f, events = woven(text, names={"open": Failing()}, replaces="#value")
        with pytest.raises(KeyError):
            f()
        assert events.seen == []

    def test_a_replaced_value_is_returned(self, woven: Woven) -> None:
        for text in ("def f(a):\n    return a", "def f(a):\n    with a: return a"):
            f, events = woven(text, changes=lambda name, value: "new", replaces="#value")
            with open(__file__) as file:
                assert f(file) == "new"
            assert events.seen == [("#value", "new")]

    def test_points_of_loops(self, woven: Woven) -> None:
        text = """def f(xs):
    for x, y in xs:
        if x: continue
        break
    else:
        return 1
"""
        f, events = woven(text, wants="x #loop_x #endloop_x #loop_y")
        f([(1, 2), (0, 3), (4, 5)])
        one_pass = [("#loop_x", True), ("#loop_y", True), ("x", 1), ("#endloop_x", True)]
        other = [("x", 0) if event == ("x", 1) else event for event in one_pass]
        assert events.seen == one_pass + other

    def test_a_failing_tap_fails_at_the_binding(self, woven: Woven) -> None:
        text = "def f():\n    x = 1\n    y = 2\n    return y"
        f, _ = woven(text, wants="y")

        def fail(name: str, value: object) -> None:
            raise LookupError

        f.__globals__["TAP"] = fail
        with pytest.raises(LookupError) as caught:
            f()
        assert traceback.extract_tb(caught.value.__traceback__)[1].lineno == 3


class TestGenerators:
    TEXT = """def f(n):
    received = []
    try:
        for i in range(n):
            received.append((yield i))
    except KeyError:
        yield "caught"
    finally:
        done = True
    return received
"""

    def test_sending(self, woven: Woven) -> None:
        f, events = woven(self.TEXT, wants="#yield #receive #value i #exit", options="guards")
        generator = f(2)
        assert events.seen == []
        assert (next(generator), generator.send("a")) == (0, 1)
        with pytest.raises(StopIteration) as stopped:
            generator.send("b")
        assert stopped.value.value == ["a", "b"]
        steps = ["suspending", "resumed"]
        expected: list[Any] = []
        for i, sent in enumerate("ab"):
            expected += [("i", i), ("#yield", i), *steps, ("#receive", sent)]
        expected += ["reentered", ("#value", ["a", "b"]), "reentered", ("#exit", True)]
        assert events.seen == expected

    def test_throwing(self, woven: Woven) -> None:
        f, events = woven(self.TEXT, wants="done", options="guards")
        generator = f(2)
        next(generator)
        assert generator.throw(KeyError("k")) == "caught"
        generator.close()
        assert events.seen == [
            *["suspending", "reentered", "suspending", "reentered"],
            ("done", True),
        ]

    def test_values_are_replaced_both_ways(self, woven: Woven) -> None:
        text = "def f():\n    x = yield 1\n    return x"
        f, _ = woven(text, changes=doubled, replaces="#yield #receive #value")
        generator = f()
        assert next(generator) == 2
        with pytest.raises(StopIteration) as stopped:
            generator.send(3)
        assert stopped.value.value == 12

    def test_yield_in_what_a_comprehension_iterates_over(self, woven: Woven) -> None:
        text = "def f():\n    return [x for x in (yield 1)]"
        f, events = woven(text, wants="#yield #receive x", options="guards")
        generator = f()
        assert next(generator) == 1
        with pytest.raises(StopIteration) as stopped:
            generator.send([5])
        assert stopped.value.value == [5]
        assert ("#receive", [5]) in events.seen

    def test_a_generator_lambda(self, woven: Woven) -> None:
        f, events = woven("f = lambda: (yield 1)", wants="#yield #value")
        generator = f()
        next(generator)
        with pytest.raises(StopIteration) as stopped:
            generator.send(7)
        assert stopped.value.value == 7
        assert events.seen == [("#yield", 1), ("#value", 7)]

    def test_a_context_manager_sees_that_control_is_back(self, woven: Woven) -> None:
        f, events = woven("def f(m):\n    with m: yield", options="guards")

        class Manager:
            def __enter__(self) -> None: ...
            def __exit__(self, *error: object) -> bool:
                events.seen.append("exit")
                return True

        generator = f(Manager())
        next(generator)
        with pytest.raises(StopIteration):
            generator.throw(KeyError)
        assert events.seen == ["suspending", "reentered", "exit"]

    def test_coroutines(self, woven: Woven) -> None:
        text = """async def f(items):
    total = 0
    async for item in items:
        total += item
    async with Manager() as m:
        total += await m
    return total, [x async for x in other()]
"""

        class Manager:
            async def __aenter__(self) -> Any:
                return asyncio.sleep(0, 10)

            async def __aexit__(self, *error: object) -> None: ...

        async def items() -> Any:
            yield 1
            yield 2

        names = {"Manager": Manager, "other": items}
        f, events = woven(text, names=names, wants="item total x #value #exit", options="guards")
        assert asyncio.run(f(items())) == (13, [1, 2])
        assert events.seen[-4:] == [
            ("x", 2),
            ("#value", (13, [1, 2])),
            "reentered",
            ("#exit", True),
        ]
        assert {"iterating", "managing", "awaiting"} <= {e for e in events.seen if type(e) is str}

    def test_asynchronous_generators(self, woven: Woven) -> None:
        text = """async def f(n):
    for i in range(n):
        x = yield i
    if n: return
"""
        f, events = woven(text, wants="x #value #yield", options="guards")

        async def main() -> list[int]:
            return [i async for i in f(2)]

        assert asyncio.run(main()) == [0, 1]
        assert events.seen[-2:] == [("x", None), ("#value", None)]


class TestFrames:
    def test_the_lines_that_a_debugger_sees(self, woven: Woven) -> None:
        text = """def f(n):
    total = 0
    for i in range(
        n
    ):
        if i:
            total, x = (
                total + i,
                2,
            )
        with m as y:
            z = [
                k for k in range(3)
            ]
    try:
        raise KeyError
    except KeyError as e:
        w = 1
    match total:
        case 5: pass
        case q: return q
"""

        class Manager:
            def __enter__(self) -> None: ...
            def __exit__(self, *error: object) -> None: ...

        def lines(function: FunctionType) -> list[int]:
            seen: list[int] = []

            def trace(frame: FrameType, event: str, arg: object) -> Any:
                if frame.f_code is function.__code__ and event == "line":
                    seen.append(frame.f_lineno)
                return trace

            before = sys.gettrace()
            sys.settrace(trace)
            try:
                function(3)
            finally:
                sys.settrace(before)
            return seen

        plain, _ = woven(text, names={"m": Manager()})
        tapped, _ = woven(text, names={"m": Manager()}, wants="n total i x y z k w q e")
        tapped.__globals__["TAP"] = {}.get
        assert lines(tapped) == lines(plain)

    def test_values_live_no_longer(self, woven: Woven) -> None:
        text = """def f(make):
    self.x, y = make(), 1
    self.x = None
    gone.append(made[0]() is None)
    for self.x in [make()]:
        self.x = None
    gone.append(made[1]() is None)
    h[0] = make()
    h[0] = None
    gone.append(made[2]() is None)
"""

        class Thing: ...

        made: list[weakref.ref[Thing]] = []
        gone: list[bool] = []

        def make() -> Thing:
            thing = Thing()
            made.append(weakref.ref(thing))
            return thing

        names = {"self": Thing(), "h": {}, "made": made, "gone": gone}
        f, events = woven(text, names=names, wants="self.x y", elements="h")
        f.__globals__["TAP"] = lambda name, value: None
        f.__globals__["TAP_ELEMENT"] = lambda name, key, value: None
        f(make)
        assert gone == [True, True, True]

    def test_a_caught_exception_makes_no_circle_with_its_frame(self, woven: Woven) -> None:
        text = """def f(thing):
    try:
        raise KeyError(thing)
    except KeyError as error:
        return error
"""

        class Thing: ...

        f, events = woven(text, wants="#value")
        f.__globals__["TAP"] = lambda name, value: None
        thing = Thing()
        alive = weakref.ref(thing)
        gc.disable()
        try:
            error = f(thing)
            del thing, error
            assert alive() is None
        finally:
            gc.enable()


class TestTotality:
    def test_a_long_chain_of_elif(self, woven: Woven) -> None:
        branches = "".join(f"    elif a == {n}: x = {n}\n" for n in range(1, 900))
        f, events = woven(f"def f(a):\n    if a == 0: x = 0\n{branches}    return x", wants="x")
        assert f(777) == 777
        assert events.seen == [("x", 777)]

    def test_a_long_sum(self, woven: Woven) -> None:
        terms = " + ".join(["a"] * 600)
        f, events = woven(f"def f(a):\n    x = {terms}\n    return x", wants="x")
        assert f(1) == 600

    def test_a_tree_without_the_free_variables_is_refused(self, woven: Woven) -> None:
        text = "def outer(a):\n    def f(): return a\n    return f\nf = outer(1)"
        f, _ = woven(text)
        (other,) = ast.parse("def f(): pass").body
        assert isinstance(other, ast.FunctionDef)
        with pytest.raises(SourceError, match="other free variables"):
            compile_node(source_of(f.__code__), other)


class Numbered(Weave):
    """Shows in which order several weaves act."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return str(self.number)


def test_weaves_open_in_order_and_close_in_reverse() -> None:
    class Opening(Numbered):
        def prologue(self) -> list[ast.stmt]:
            return ast.parse(f"open({self})").body

        def epilogue(self) -> list[ast.stmt]:
            return ast.parse(f"close({self})").body

        def guards_suspension(self) -> bool:
            return True

        def suspending(self, value: ast.expr) -> ast.expr:
            return ast.Call(ast.Name(f"leave{self}", ast.Load()), [value], [])

        def resumed(self, value: ast.expr) -> ast.expr:
            return ast.Call(ast.Name(f"back{self}", ast.Load()), [value], [])

    both = Weaves([Opening(1), Opening(2)])
    text = "\n".join(map(ast.unparse, [*both.prologue(), *both.epilogue()]))
    assert text == "open(1)\nopen(2)\ntry:\n    close(2)\nfinally:\n    close(1)"
    value = ast.Name("x", ast.Load())
    assert ast.unparse(both.suspending(value)) == "leave1(leave2(x))"
    assert ast.unparse(both.resumed(value)) == "back2(back1(x))"
