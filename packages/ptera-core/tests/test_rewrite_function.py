"""What stands around a function's statements: text in, text out."""

from collections.abc import Callable
from textwrap import dedent

Rewritten = Callable[..., str]


def text(written: str) -> str:
    return dedent(written).strip() + "\n"


def test_parameters_in_the_order_of_the_signature(rewritten: Rewritten) -> None:
    before = text("""
        def f(a, /, b=1, *c, d, **e):
            \"\"\"Doc.\"\"\"
            return a
    """)
    after = text("""
        def f(a, /, b=1, *c, d, **e):
            \"\"\"Doc.\"\"\"
            TAP('a', a)
            TAP('b', b)
            TAP('c', c)
            TAP('d', d)
            TAP('e', e)
            return a
    """)
    assert rewritten(before, wants="a b c d e") == after.rstrip()


def test_a_parameter_is_replaced(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return a
    """)
    after = text("""
        def f(a):
            a = NEW('a', a)
            TAP('a', a)
            return a
    """)
    assert rewritten(before, replaces="a") == after.rstrip()


def test_names_that_are_only_read(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            print(a)
    """)
    after = text("""
        def f(a):
            TAP('a', a)
            try:
                .t1 = print
            except NameError:
                pass
            else:
                TAP('print', .t1)
                del .t1
            print(a)
    """)
    assert rewritten(before, wants="print a") == after.rstrip()


def test_a_global_name_that_is_only_read(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            global g
            return g
    """)
    after = text("""
        def f():
            global g
            try:
                .t1 = g
            except NameError:
                pass
            else:
                TAP('g', .t1)
                del .t1
            return g
    """)
    assert rewritten(before, wants="g") == after.rstrip()


def test_a_hidden_builtin(rewritten: Rewritten) -> None:
    before = text("""
        def f(NameError, BaseException):
            return g
    """)
    after = text("""
        def f(NameError, BaseException):
            try:
                try:
                    .t1 = g
                except '\\x00ptera.NameError':
                    pass
                else:
                    TAP('g', .t1)
                    del .t1
                return g
            except '\\x00ptera.BaseException' as .error:
                TAP('#error', .error)
                raise
    """)
    assert rewritten(before, wants="g #error") == after.rstrip()


def test_points_of_the_activation(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return a
    """)
    after = text("""
        def f(a):
            try:
                TAP('#enter', True)
                return a
            except BaseException as .error:
                TAP('#error', .error)
                raise
            finally:
                TAP('#exit', True)
    """)
    assert rewritten(before, wants="#enter #exit #error") == after.rstrip()


def test_what_opens_and_closes(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            "Doc."
            return a
    """)
    after = text("""
        def f(a):
            \"\"\"Doc.\"\"\"
            PROLOGUE()
            try:
                try:
                    return a
                finally:
                    TAP('#exit', True)
            finally:
                EPILOGUE()
    """)
    assert rewritten(before, wants="#exit", options="prologue epilogue") == after.rstrip()


def test_only_what_closes(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            return a
    """)
    after = text("""
        def f(a):
            try:
                return a
            finally:
                EPILOGUE()
    """)
    assert rewritten(before, options="epilogue") == after.rstrip()


def test_a_function_of_a_docstring(rewritten: Rewritten) -> None:
    before = text("""
        def f():
            "Doc."
    """)
    after = text("""
        def f():
            \"\"\"Doc.\"\"\"
            TAP('#enter', True)
            pass
            .t1 = None
            TAP('#value', .t1)
            return .t1
    """)
    assert rewritten(before, wants="#value #enter") == after.rstrip()


def test_a_generator_that_comes_back_by_an_exception(rewritten: Rewritten) -> None:
    before = text("""
        def f(a):
            yield a
    """)
    after = text("""
        def f(a):
            try:
                try:
                    RESUMED((yield SUSPENDING(a)))
                except BaseException as .error:
                    REENTERED()
                    TAP('#error', .error)
                    raise
                finally:
                    REENTERED()
                    TAP('#exit', True)
            finally:
                REENTERED()
                EPILOGUE()
    """)
    assert rewritten(before, wants="#exit #error", options="guards epilogue") == after.rstrip()


def test_a_lambda_becomes_a_function(rewritten: Rewritten) -> None:
    before = text("""
        f = lambda x, y=1: x + y
    """)
    after = text("""
        def <lambda>(x, y=1):
            TAP('x', x)
            .t1 = x + y
            TAP('#value', .t1)
            return .t1
    """)
    assert rewritten(before, wants="x #value") == after.rstrip()
