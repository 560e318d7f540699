"""Bindings and suspensions inside expressions: text in, text out."""

from collections.abc import Callable
from textwrap import dedent

Rewritten = Callable[..., str]


def text(written: str) -> str:
    return dedent(written).strip() + "\n"


def test_a_walrus(rewritten: Rewritten) -> None:
    before = text("""
        def f(g):
            if (x := g()) > 1 and (y := 2): pass
    """)
    after = text("""
        def f(g):
            if ((x := g()), TAP('x', x), x)[2] > 1 and ((y := NEW('y', 2)), TAP('y', y), y)[2]:
                pass
    """)
    assert rewritten(before, wants="x", replaces="y") == after.rstrip()


def test_a_walrus_in_a_loop_test(rewritten: Rewritten) -> None:
    before = text("""
        def f(x):
            while (x := x - 1): pass
    """)
    after = text("""
        def f(x):
            TAP('x', x)
            while ((x := (x - 1)), TAP('x', x), x)[2]:
                pass
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_comprehension_targets(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            a = [x for x, y in xs if x for z in (w for w in x)]
            return {k: k for k in xs}, {e for e in xs}
    """)
    after = text("""
        def f(xs):
            a = [x for x, y in xs if (TAP('x', x), TAP('y', y), True)[2] if x for z in (w for w in x if (TAP('w', w), True)[1]) if (TAP('z', z), True)[1]]
            return ({k: k for k in xs if (TAP('k', k), True)[1]}, {e for e in xs})
    """)  # noqa: E501 - as it is unparsed, on one line
    assert rewritten(before, wants="x y z w k") == after.rstrip()


def test_comprehension_targets_are_not_replaced(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            return [x for x in xs]
    """)
    after = text("""
        def f(xs):
            return [x for x in xs if (TAP('x', x), True)[1]]
    """)
    assert rewritten(before, replaces="x") == after.rstrip()


def test_a_walrus_in_a_comprehension(rewritten: Rewritten) -> None:
    before = text("""
        def f(xs):
            return [y := x for x in xs]
    """)
    after = text("""
        def f(xs):
            return [((y := x), TAP('y', y), y)[2] for x in xs]
    """)
    assert rewritten(before, wants="y") == after.rstrip()


def test_what_is_yielded_and_received(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            x = yield a
            yield
    """)
    after = text("""
        def f(a):
            x = ((.t2 := NEW('#receive', (yield ((.t1 := a), TAP('#yield', .t1), (.t1 := None))[0]))), TAP('#receive', .t2), (.t2 := None))[0]
            ((.t2 := NEW('#receive', (yield ((.t1 := None), TAP('#yield', .t1), (.t1 := None))[0]))), TAP('#receive', .t2), (.t2 := None))[0]
    """)  # noqa: E501 - as it is unparsed, on one line
    assert rewritten(before, wants="#yield", replaces="#receive") == after.rstrip()


def test_yield_where_no_walrus_can_stand(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return [x for x in (yield a)]
    """)
    after = text("""
        def f(a):
            return [x for x in (lambda .v: (.v, TAP('#receive', .v))[0])((yield (lambda .v: (.v, TAP('#yield', .v))[0])(a)))]
    """)  # noqa: E501 - as it is unparsed, on one line
    assert rewritten(before, wants="#yield #receive") == after.rstrip()


def test_suspensions_of_a_generator(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            x = yield a
            yield from a
    """)
    after = text("""
        def f(a):
            x = RESUMED((yield SUSPENDING(a)))
            yield from DELEGATING(a)
    """)
    assert rewritten(before, options="guards") == after.rstrip()


def test_suspensions_of_a_coroutine(rewritten: Rewritten) -> None:
    before = text("""
        async def f(a):
            await a
            async for x in a: pass
            async with a as y, a: pass
            return [await x async for x in a]
    """)
    after = text("""
        async def f(a):
            await AWAITING(a)
            async for x in ITERATING(a):
                pass
            async with MANAGING(a) as y, MANAGING(a):
                pass
            return [await AWAITING(x) async for x in ITERATING(a)]
    """)
    assert rewritten(before, options="guards") == after.rstrip()


def test_a_plain_function_has_no_suspensions(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            try: a()
            finally: a()
    """)
    after = text("""
        def f(a):
            try:
                a()
            finally:
                a()
    """)
    assert rewritten(before, options="guards") == after.rstrip()


def test_inspection_of_locals(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return locals(), vars(), dir(), vars(a), locals
    """)
    after = text("""
        def f(a):
            return (HIDE(locals()), HIDE(vars()), HIDE(dir()), vars(a), locals)
    """)
    assert rewritten(before, options="locals") == after.rstrip()


def test_nested_functions_are_another_scope(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            g = lambda: (x := 1)
            def h():
                x = 1
                yield x
    """)
    after = text("""
        def f():
            g = lambda: (x := 1)

            def h():
                x = 1
                yield x
    """)
    assert rewritten(before, wants="x #yield") == after.rstrip()
