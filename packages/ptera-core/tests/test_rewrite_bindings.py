"""Statements that bind: text in, text out, one test for each form."""

from collections.abc import Callable
from textwrap import dedent

Rewritten = Callable[..., str]


def text(written: str) -> str:
    return dedent(written).strip() + "\n"


def test_an_annotated_name(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            x: int = a
    """)
    after = text("""
        def f(a):
            x: int = NEW('x', a)
            TAP('x', x)
    """)
    assert rewritten(before, replaces="x") == after.rstrip()


def test_a_declaration_gets_what_declares_it(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            x: int
            return x
    """)
    after = text("""
        def f():
            x: int
            x = DECLARED('x')
            TAP('x', x)
            return x
    """)
    assert rewritten(before, wants="x", options="declare") == after.rstrip()


def test_a_declaration_that_nobody_cares_for_stays(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            x: int
            return x
    """)
    after = text("""
        def f():
            x: int
            return x
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_required_is_a_declaration(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            x: int = required()
            return x
    """)
    after = text("""
        def f():
            x: int
            x = DECLARED('x')
            TAP('x', x)
            return x
    """)
    assert rewritten(before, wants="x", options="declare") == after.rstrip()


def test_required_is_called_if_nobody_declares(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            x: int = required()
            return x
    """)
    after = text("""
        def f():
            x: int = required()
            TAP('x', x)
            return x
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_an_annotated_attribute(rewritten: Rewritten) -> None:
    before = text("""
        def f(self, a):
            self.x: int = a
    """)
    after = text("""
        def f(self, a):
            .t1 = a
            self.x: int = .t1
            TAP('self.x', .t1)
            del .t1
    """)
    assert rewritten(before, wants="self.x") == after.rstrip()


def test_an_annotated_attribute_without_value_stays(rewritten: Rewritten) -> None:
    before = text("""
        def f(self):
            self.x: int
    """)
    after = text("""
        def f(self):
            self.x: int
    """)
    assert rewritten(before, wants="self.x", options="declare") == after.rstrip()


def test_an_annotated_element(rewritten: Rewritten) -> None:
    before = text("""
        def f(h, a):
            h[0]: int = a
    """)
    after = text("""
        def f(h, a):
            .t1 = a
            .t2 = h
            .t3 = 0
            .t2[.t3]: int = .t1
            TAP_ELEMENT('h', .t3, .t1)
            del .t1, .t2, .t3
    """)
    assert rewritten(before, elements="h") == after.rstrip()


def test_imports(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            import a.b, c.d as e
            from m import n, o as p
    """)
    after = text("""
        def f():
            import a.b, c.d as e
            TAP('a', a)
            TAP('e', e)
            from m import n, o as p
            TAP('n', n)
            p = NEW('p', p)
            TAP('p', p)
    """)
    assert rewritten(before, wants="a e n", replaces="p") == after.rstrip()


def test_a_nested_function_and_a_class(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            def g(): return 1
            class C: pass
    """)
    after = text("""
        def f():

            def g():
                return 1
            TAP('g', g)

            class C:
                pass
            C = NEW('C', C)
            TAP('C', C)
    """)
    assert rewritten(before, wants="g", replaces="C") == after.rstrip()


def test_created_functions_are_given_first(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            @deco
            def g(x=lambda: 1):
                return lambda: 2
            async def h(): pass
            return [lambda: 3 for _ in range(3)]
    """)
    after = text("""
        def f():

            @deco
            @CREATED
            def g(x=CREATED(lambda: 1)):
                return lambda: 2

            @CREATED
            async def h():
                pass
            return [CREATED(lambda: 3) for _ in range(3)]
    """)
    assert rewritten(before, options="created") == after.rstrip()


def test_created_methods_are_given_too(rewritten: Rewritten) -> None:
    before = text("""
        def f(c):
            class C(base(lambda: 0)):
                x = lambda self: 1
                def m(self): return 2
                if c:
                    for i in range(3):
                        async def n(self): pass
                class D:
                    def o(self): pass
    """)
    after = text("""
        def f(c):

            class C(base(CREATED(lambda: 0))):
                x = CREATED(lambda self: 1)

                @CREATED
                def m(self):
                    return 2
                if c:
                    for i in range(3):

                        @CREATED
                        async def n(self):
                            pass

                class D:

                    @CREATED
                    def o(self):
                        pass
    """)
    assert rewritten(before, options="created") == after.rstrip()


def test_bindings_in_what_surrounds_a_nested_function(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            @deco(w := 1)
            def g(a=(x := 2), *, b: (y := 3) = 4): pass
            class C((z := object)): pass
    """)
    after = text("""
        def f():

            @deco(((w := 1), TAP('w', w), w)[2])
            def g(a=((x := 2), TAP('x', x), x)[2], *, b: ((y := 3), TAP('y', y), y)[2]=4):
                pass

            class C(((z := object), TAP('z', z), z)[2]):
                pass
    """)
    assert rewritten(before, wants="w x y z") == after.rstrip()


def test_deleting_is_no_binding(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            x = 1
            del x
    """)
    after = text("""
        def f():
            x = 1
            TAP('x', x)
            del x
    """)
    assert rewritten(before, wants="x") == after.rstrip()


def test_global_and_nonlocal_stand_before_all_mentions(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            if a:
                global g, k
                g = 1
            else:
                global m
            k = 2
            return m
    """)
    after = text("""
        def f(a):
            global g, k
            global m
            try:
                .t1 = m
            except NameError:
                pass
            else:
                TAP('m', .t1)
                del .t1
            if a:
                g = 1
                TAP('g', g)
            else:
                pass
            k = 2
            TAP('k', k)
            return m
    """)
    assert rewritten(before, wants="g k m") == after.rstrip()
