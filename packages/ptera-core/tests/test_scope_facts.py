"""What the source says of a function: its variables, their kinds, and what it does."""

import ast
import sys
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from ptera._scope import Facts, Kind, facts_of, surely_bound
from ptera._source import source_of

Define = Callable[..., dict[str, Any]]


@pytest.fixture
def facts(define: Define) -> Callable[[str], Facts]:
    def read(text: str) -> Facts:
        return facts_of(source_of(define(dedent(text))["f"].__code__))

    return read


def kinds(facts: Facts) -> dict[str, str]:
    return {
        name: " ".join(sorted(kind.value for kind in variable.kinds))
        for name, variable in facts.variables.items()
    }


Read = Callable[[str], Facts]


def test_every_kind_of_binding(facts: Read) -> None:
    found = facts("""
        def f(a, /, b=1, *c, d, **e):
            g = h, (i, *j) = b
            k: int
            l: int = 1
            m += 1
            for n, o in a: pass
            with a as p, b as (q, r): pass
            import s.t, u.v as w
            from x import y as z
            try: pass
            except E as aa: pass
            while (ab := a): pass
            match a:
                case [ac, *ad] | {"k": ac, **ad} if ac: pass
                case int() as ae: pass
            def af(): af_local = 1
            class ag: ag_local = 1
            ah = [ai for ai in a for aj, ak in ai if (al := aj)]
            self.am = self.an.ao = 1
            global ap
            ap = 2
            print(aq)
            h[0] = 1
    """)
    assert kinds(found) == {
        "a": "parameter",
        "b": "parameter",
        "c": "parameter",
        "d": "parameter",
        "e": "parameter",
        "g": "local",
        "h": "local",
        "i": "local",
        "j": "local",
        "k": "declared",
        "l": "local",
        "m": "local",
        "n": "loop",
        "o": "loop",
        "p": "with",
        "q": "with",
        "r": "with",
        "s": "import",
        "w": "import",
        "z": "import",
        "aa": "except",
        "ab": "walrus",
        "ac": "match",
        "ad": "match",
        "ae": "match",
        "af": "definition",
        "ag": "definition",
        "ah": "local",
        "ai": "comprehension",
        "aj": "comprehension",
        "ak": "comprehension",
        "al": "walrus",
        "self.am": "attribute",
        "self.an.ao": "attribute",
        "ap": "nonlocal",
        "E": "read",
        "int": "read",
        "self": "read",
        "print": "read",
        "aq": "read",
    }
    assert found.parameters == ("a", "b", "c", "d", "e")
    assert found.elements == {"h"}
    assert found.loops == {"n", "o"}
    assert found.deletes == {"aa"}


def test_a_variable_bound_in_several_ways(facts: Read) -> None:
    found = facts("""
        def f(a):
            for a in a: pass
            b: int
            b = 1
            nonlocal_ = [b for b in a]
    """)
    assert kinds(found) == {
        "a": "loop parameter",
        "b": "comprehension declared local",
        "nonlocal_": "local",
    }


def test_names_of_the_tools_are_no_variables(facts: Read) -> None:
    def asserting(x: int) -> None:
        assert len(str(x)) == 1

    found = facts_of(source_of(asserting.__code__))
    assert all(name.isidentifier() for name in found.variables)
    assert found.variables["x"].kinds == {Kind.PARAMETER}


def test_annotations_and_defaults(facts: Read) -> None:
    variables = facts("""
        def f(a: int, b: str = "x", *, c: float = 1.0):
            d: bool
            e: list = default(a)
            e: tuple = 2
            g = 1
            g: int = 2
            h: set = required()
            i = j = 5
    """).variables
    shown = {
        name: tuple(
            None if part is None else ast.unparse(part) for part in (v.annotation, v.default)
        )
        for name, v in variables.items()
        if name not in ("default", "required")
    }
    assert shown == {
        "a": ("int", None),
        "b": ("str", "'x'"),
        "c": ("float", "1.0"),
        "d": ("bool", None),
        "e": ("list", "default(a)"),
        "g": ("int", "1"),
        "h": ("set", None),
        "i": (None, None),
        "j": (None, None),
    }
    assert variables["h"].kinds == {Kind.DECLARED}
    assert variables["g"].line == 7


def test_reads_are_those_of_the_own_scope(facts: Read) -> None:
    found = facts("""
        def f(a):
            def inner(x=default_value, *, y: annotated = 1) -> returned:
                return hidden
            class C(base, metaclass=meta):
                body = hidden
            lambda z=lambda_default: hidden
            local: unseen_annotation = 1
            return [x + outside for x in a if x for x in x]
    """)
    reads = [n for n, v in found.variables.items() if v.kinds == {Kind.READ}]
    expected = ["default_value", "annotated", "returned", "base", "meta"]
    assert reads == [*expected, "lambda_default", "outside"]
    assert found.names_read == {*reads, "a"}


def test_annotations_that_are_not_evaluated_are_not_read(facts: Read) -> None:
    found = facts("""
        from __future__ import annotations
        def f():
            def inner(x: unseen) -> unseen: pass
    """)
    assert kinds(found) == {"inner": "definition"}


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("return a + 1", False),
        ("return a.b[0]", False),
        ("return a()", True),
        ("yield a", True),
        ("with a: pass", True),
        ("class C: pass", True),
        ("def g(): return a()", False),
        ("@a\n    def g(): pass", True),
    ],
)
def test_whether_anything_is_called(facts: Read, body: str, calls: bool) -> None:
    assert facts(f"def f(a):\n    {body}").calls is calls


def test_generators_and_coroutines(facts: Read) -> None:
    plain = facts("def f(): return 1")
    generator = facts("def f(): yield 1")
    coroutine = facts("async def f(): return 1")
    both = facts("async def f(): yield 1")
    found = [(one.is_generator, one.is_async) for one in (plain, generator, coroutine, both)]
    assert found == [(False, False), (True, False), (False, True), (True, True)]


def test_whether_locals_are_looked_at(facts: Read) -> None:
    assert facts("def f(): return locals()").inspects_locals
    assert facts("def f(): return eval('1')").inspects_locals
    assert not facts("def f(a): return a.locals").inspects_locals


def test_what_is_surely_bound(define: Define) -> None:
    text = """def f(a, b, c, d):
    del b
    try: x = 1
    except E as c: pass
    def g():
        nonlocal d
        del d
"""
    source = source_of(define(text)["f"].__code__)
    assert [name for name in "abcdx" if surely_bound(source, name)] == ["a"]


def test_what_is_mentioned(facts: Read) -> None:
    found = facts("""
        def f(self):
            import m
            from n import o
            a = self.g(m.h.i, [x.y for x in o])
            return super().j(a).k
    """)
    assert found.mentions == (
        *("self", "self.g", "m", "m.h", "m.h.i", "o"),
        *("super", "super().j", "a"),
    )
    assert [ast.unparse(node) for node in found.imports] == ["import m", "from n import o"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax")
def test_a_type_alias(facts: Read) -> None:
    assert kinds(facts("def f():\n    type X = int")) == {"X": "definition"}


def test_facts_are_collected_once(define: Define) -> None:
    source = source_of(define("def f(): return 1")["f"].__code__)
    assert facts_of(source) is facts_of(source)
    assert (facts_of(source).name, facts_of(source).qualname) == ("f", "f")
