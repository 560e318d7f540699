"""Loops, with, try, match, return: text in, text out."""

from collections.abc import Callable
from textwrap import dedent

Rewritten = Callable[..., str]


def text(written: str) -> str:
    return dedent(written).strip() + "\n"


def test_a_loop_taps_first_thing_in_its_body(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            for x in xs:
                print(x)
            else:
                y = 1
    """)
    after = text("""
        def f(xs):
            for x in xs:
                TAP('x', x)
                print(x)
            else:
                y = 1
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_a_loop_target_is_replaced(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            for x in xs: print(x)
    """)
    after = text("""
        def f(xs):
            for x in xs:
                x = NEW('x', x)
                TAP('x', x)
                print(x)
    """)
    assert rewritten(before, replaces="x") == after.rstrip()


def test_a_loop_over_tuples(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            for x, (y, *z) in xs: print(x)
    """)
    after = text("""
        def f(xs):
            for x, (y, *z) in xs:
                TAP('x', x)
                TAP('z', z)
                print(x)
    """)
    assert rewritten(before, wants="x z") == after.rstrip()


def test_a_loop_target_that_is_an_attribute(rewritten: Rewritten) -> None:
    before = text("""
        def f(self, xs):
            for self.x in xs: print(self)
    """)
    after = text("""
        def f(self, xs):
            for .t1 in xs:
                self.x = .t1
                TAP('self.x', .t1)
                del .t1
                print(self)
    """)
    assert rewritten(before, wants="self.x") == after.rstrip()


def test_points_of_a_loop(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            for x, y in xs:
                if x: continue
                print(y)
    """)
    after = text("""
        def f(xs):
            for .t1 in xs:
                TAP('#loop_x', True)
                try:
                    x, y = .t1
                    TAP('y', y)
                    del .t1
                    if x:
                        continue
                    print(y)
                finally:
                    TAP('#endloop_x', True)
                    TAP('#endloop_y', True)
    """)
    assert rewritten(before, wants="#loop_x #endloop_x #endloop_y y") == after.rstrip()


def test_an_asynchronous_loop(rewritten: Rewritten) -> None:
    before = text("""
        async def f(xs):
            async for x in xs: print(x)
    """)
    after = text("""
        async def f(xs):
            async for x in xs:
                TAP('x', x)
                print(x)
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_with_is_split_where_a_tap_stands_between(rewritten: Rewritten) -> None:
    before = text("""
        def f(a, b, c, d):
            with a as x, b, c as (y, z), d: print(x)
    """)
    after = text("""
        def f(a, b, c, d):
            with a as x:
                TAP('x', x)
                with b, c as (y, z):
                    TAP('z', z)
                    with d:
                        print(x)
    """)
    assert rewritten(before, wants="x z") == after.rstrip()


def test_with_an_attribute(rewritten: Rewritten) -> None:
    before = text("""
        def f(self, a, b):
            with a, b as self.x: print(a)
    """)
    after = text("""
        def f(self, a, b):
            with a, b as .t1:
                self.x = .t1
                TAP('self.x', .t1)
                del .t1
                print(a)
    """)
    assert rewritten(before, wants="self.x") == after.rstrip()


def test_with_a_replaced_name(rewritten: Rewritten) -> None:
    before = text("""
        async def f(a):
            async with a as x: print(x)
    """)
    after = text("""
        async def f(a):
            async with a as x:
                x = NEW('x', x)
                TAP('x', x)
                print(x)
    """)
    assert rewritten(before, replaces="x") == after.rstrip()


def test_a_caught_exception(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            try:
                x = 1
            except A as e:
                print(e)
            except (B, C):
                pass
            else:
                y = 2
            finally:
                z = 3
    """)
    after = text("""
        def f():
            try:
                x = 1
                TAP('x', x)
            except A as e:
                TAP('e', e)
                print(e)
            except (B, C):
                pass
            else:
                y = 2
                TAP('y', y)
            finally:
                z = 3
                TAP('z', z)
    """)
    assert rewritten(before, wants="x e y z") == after.rstrip()


def test_a_caught_group(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            try: print(1)
            except* A as e: print(e)
    """)
    after = text("""
        def f():
            try:
                print(1)
            except* A as e:
                TAP('e', e)
                print(e)
    """)
    assert rewritten(before, wants="e") == after.rstrip()


def test_match_captures(rewritten: Rewritten) -> None:
    before = text("""
        def f(s):
            match s:
                case [x, *y] if x > y: pass
                case {"k": x, **z}: pass
                case C(a=x) | [_, x] if g(): pass
                case [1 as y, _]: pass
                case x: pass
    """)
    after = text("""
        def f(s):
            match s:
                case [x, *y] if (TAP('x', x), (y := NEW('y', y)), TAP('y', y), x > y)[3]:
                    pass
                case {'k': x, **z}:
                    TAP('x', x)
                    TAP('z', z)
                    pass
                case C(a=x) | [_, x] if (TAP('x', x), g())[1]:
                    pass
                case [1 as y, _]:
                    y = NEW('y', y)
                    TAP('y', y)
                    pass
                case x:
                    TAP('x', x)
                    pass
    """)
    assert rewritten(before, wants="x z", replaces="y") == after.rstrip()


def test_a_chain_of_elif(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            if a == 1:
                x = 1
            elif a == 2:
                x = 2
            else:
                x = 3
    """)
    after = text("""
        def f(a):
            if a == 1:
                x = 1
                TAP('x', x)
            elif a == 2:
                x = 2
                TAP('x', x)
            else:
                x = 3
                TAP('x', x)
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_while_keeps_its_test(rewritten: Rewritten) -> None:
    before = text("""
        def f(x):
            while x:
                x = x - 1
            else:
                x = 2
    """)
    after = text("""
        def f(x):
            TAP('x', x)
            while x:
                x = x - 1
                TAP('x', x)
            else:
                x = 2
                TAP('x', x)
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_a_returned_value(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            if a: return a + 1
    """)
    after = text("""
        def f(a):
            if a:
                .t1 = a + 1
                TAP('#value', .t1)
                return .t1
            .t1 = None
            TAP('#value', .t1)
            return .t1
    """)
    assert rewritten(before, wants="#value") == after.rstrip()


def test_a_returned_value_is_replaced(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return a + 1
    """)
    after = text("""
        def f(a):
            .t1 = NEW('#value', a + 1)
            TAP('#value', .t1)
            return .t1
    """)
    assert rewritten(before, replaces="#value") == after.rstrip()


def test_a_function_that_raises_has_no_end(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            raise a
    """)
    after = text("""
        def f(a):
            raise a
    """)
    assert rewritten(before, wants="#value") == after.rstrip()


def test_a_value_that_is_returned_beside_a_handler_is_forgotten(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            try:
                a()
            except E as e:
                return e
            return None
    """)
    after = text("""
        def f(a):
            try:
                a()
            except E as e:
                .t1 = e
                TAP('#value', .t1)
                return (.t1, (.t1 := None))[0]
            .t1 = None
            TAP('#value', .t1)
            return (.t1, (.t1 := None))[0]
    """)
    assert rewritten(before, wants="#value") == after.rstrip()


def test_a_value_is_given_after_with_and_finally_are_done(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            with a:
                return 1
    """)
    after = text("""
        def f(a):
            .leaving = False
            try:
                with a:
                    .value = 1
                    .leaving = True
                    return .value
                .value = None
                .leaving = True
                return .value
            except BaseException:
                .leaving = False
                raise
            finally:
                if .leaving:
                    .value = NEW('#value', .value)
                    TAP('#value', .value)
                    return (.value, (.value := None))[0]
    """)
    assert rewritten(before, replaces="#value") == after.rstrip()


def test_a_value_is_given_after_the_end_of_a_loop(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            for x in xs:
                return x
    """)
    after = text("""
        def f(xs):
            .leaving = False
            try:
                for x in xs:
                    try:
                        .value = x
                        .leaving = True
                        return .value
                    finally:
                        TAP('#endloop_x', True)
                .value = None
                .leaving = True
                return .value
            except BaseException:
                .leaving = False
                raise
            finally:
                if .leaving:
                    TAP('#value', .value)
                    del .value
    """)
    assert rewritten(before, wants="#value #endloop_x") == after.rstrip()


def test_an_asynchronous_generator_returns_nothing(rewritten: Rewritten) -> None:
    before = text("""
        async def f(a):
            yield 1
            if a: return
    """)
    after = text("""
        async def f(a):
            yield 1
            if a:
                .t1 = None
                TAP('#value', .t1)
                return
            .t1 = None
            TAP('#value', .t1)
            return
    """)
    assert rewritten(before, replaces="#value") == after.rstrip()


def test_what_can_come_back_by_an_exception(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            try:
                yield a
            except E as e:
                print(e)
            finally:
                a = 1
            with a: yield
            try: print(1)
            except E: pass
            for x in a:
                with x: pass
    """)
    after = text("""
        def f(a):
            try:
                RESUMED((yield SUSPENDING(a)))
            except E as e:
                REENTERED()
                print(e)
            finally:
                REENTERED()
                a = 1
            with a:
                try:
                    RESUMED((yield SUSPENDING(None)))
                except BaseException:
                    REENTERED()
                    raise
            try:
                print(1)
            except E:
                pass
            for x in a:
                with x:
                    pass
    """)
    assert rewritten(before, options="guards") == after.rstrip()
