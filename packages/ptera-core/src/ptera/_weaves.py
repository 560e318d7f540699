"""The code that a plan puts into a function: how each kind of plan reads and delivers.

Every name written here starts with a dot, so that no program can clash with it. A rule
shows the code that it makes: `.p` is the nearest visible activation (or the root, or
None where no overlay is active), `.n` this activation's record, `.m` a placement above.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import _declared, _deliver, _suspend
from ._plan import Mode, Site
from ._template import expression, load, statements, store
from .rewrite import Weave

__all__ = ["NodeWeave", "RecordingWeave", "SimpleWeave", "SlotWeave", "Tools"]


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """What a weave is given to write code for one function.

    Arguments:
        put: Gives the expression that stands for an object.
        key: The expression that reads the key of `f[key]`, if the function has one.
        adopt: Called with a nested function that has been created; gives it back.
        nested: The definitions in the function that are to be adopted.
        base: Gives the priority of the value that the function itself gives a variable.
    """

    put: Callable[[object], ast.Constant]
    key: ast.expr | None
    adopt: Callable[[object], object]
    nested: frozenset[ast.AST]
    base: Callable[[str], float]


class SlotWeave(Weave):
    """What all weaves share: the prologue that finds the overlay, and nested functions."""

    changes = False
    opens = False

    def __init__(self, site: Site, tools: Tools) -> None:
        self.site = site
        self.slot = site.slot
        self.plan = site.plan
        self.facts = site.subject.facts
        self.put = tools.put
        self.key = tools.key
        self.adopt = tools.adopt
        self.nested = tools.nested
        self.base = tools.base
        self.elements = {} if site.is_hook else self.slot.element_sites(site.subject)

    def name(self, kind: str, number: object = "") -> str:
        """Gives a name of generated code that belongs to this slot alone."""
        return f".{kind}{self.slot.serial}" + (f"_{number}" if number != "" else "")

    @property
    def parent(self) -> str:
        """The variable that holds the nearest visible activation, or None."""
        return self.name("p")

    @property
    def node(self) -> str:
        """The variable that holds this activation's record, or None."""
        return self.name("n")

    def find_overlay(self) -> list[ast.stmt]:
        """`.p = GET(None)`, or what holds for the whole process.

        Where the events are made, `.p = GET(None) or STRAY(True)` notes that the function
        ran where the overlay does not hold: a probe without events can say so.

        What is moved in front of a generator's creation reads a property instead: at a call
        of a function in C, a profiler would get a frame object of the frame that the
        generator is about to take over, and crash on it later.
        """
        if self.facts.is_generator or self.facts.is_async:
            found = "noted" if not self.plan.process and self._makes_events else "found"
            return statements(f"P = SLOT.{found}", P=self.parent, SLOT=self.put(self.slot))
        if not self.plan.process:
            get, stray = self.put(self.slot.variable.get), self.put(self.slot.strays.add)
            text = "P = GET(None) or STRAY(True)" if self._makes_events else "P = GET(None)"
            return statements(text, P=self.parent, GET=get, STRAY=stray)
        if self.plan.is_simple:
            get, slot = self.put(self.slot.variable.get), self.put(self.slot)
            return statements("P = GET(SLOT.root)", P=self.parent, GET=get, SLOT=slot)
        find, slot = self.put(_deliver.current), self.put(self.slot)
        return statements("P = FIND(SLOT)", P=self.parent, FIND=find, SLOT=slot)

    @property
    def _makes_events(self) -> bool:
        index = self.plan.specs.path[-1].index
        return not self.changes and not self.site.is_hook and self.site.fits[index]

    def open_record(self) -> list[ast.stmt]:
        """`.n = None if .p is None else OPEN(.p, SITE)`."""
        opening, site = self.put(_deliver.open_node), self.put(self.site)
        text = "N = None if P is None else OPEN(P, SITE)"
        if self.key is not None and self.site.keyed:
            text = "N = None if P is None else OPEN(P, SITE, KEY)"
            return statements(
                text, N=self.node, P=self.parent, KEY=self.key, OPEN=opening, SITE=site
            )
        return statements(text, N=self.node, P=self.parent, OPEN=opening, SITE=site)

    def declarations(self) -> list[ast.stmt]:
        """Binds what the method's object declares: `if .n is not None: DECLARE(.n, self)`."""
        if self.site.subject.declarer is None or not self.facts.parameters:
            return []
        owner = load(self.facts.parameters[0])
        made: list[ast.stmt] = []
        if self.site.generic_reads:
            made += self.declare_columns(owner)
        if self.declares_focus:
            text = "F(SITE, P, N, OWNER)" if self.opens else "F(SITE, P, None, OWNER)"
            made += statements(
                text,
                F=self.put(_declared.declare_at_focus),
                SITE=self.put(self.site),
                P=self.parent,
                N=self.node,
                OWNER=owner,
            )
        return made

    @property
    def declares_focus(self) -> bool:
        """Whether such variables can be the focus of a live rule."""
        spec = self.plan.specs.path[-1]
        return (
            self.plan.mode is Mode.LIVE
            and self.site.fits[spec.index]
            and spec.focus is not None
            and spec.focus.variable is None
        )

    def declare_columns(self, owner: ast.expr) -> list[ast.stmt]:
        """Binds them in the columns of the activation's record."""
        if not self.opens:
            return []
        return statements(
            "if N is not None: F(SITE, N, OWNER)",
            F=self.put(_declared.declare_in_record),
            SITE=self.put(self.site),
            N=self.node,
            OWNER=owner,
        )

    def created(self, name: str, node: ast.AST) -> ast.expr | None:
        return self.put(self.adopt) if node in self.nested else None

    def hides_locals(self) -> ast.expr | None:
        return self.put(_deliver.visible) if self.facts.inspects_locals else None

    def call(self, text: str, function: object, value: ast.expr) -> ast.expr:
        return expression(text, F=self.put(function), N=self.node, V=value)


class RecordingWeave(SlotWeave):
    """Opens a record of the activation and closes it, across suspensions too."""

    opens = True

    def prologue(self) -> list[ast.stmt]:
        return [*self.open_record(), *self.declarations()]

    def epilogue(self) -> list[ast.stmt]:
        if not self.opens:
            return []
        close = self.put(_deliver.close_node)
        return statements("if N is not None: CLOSE(N)", N=self.node, CLOSE=close)

    def guards_suspension(self) -> bool:
        return self.opens and (self.facts.is_generator or self.facts.is_async)

    def suspending(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.suspend, value)

    def resumed(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.resume, value)

    def awaiting(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.awaiting, value)

    def delegating(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.delegating, value)

    def iterating(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.iterating, value)

    def managing(self, value: ast.expr) -> ast.expr:
        return self.call("F(N, V)", _suspend.managing, value)

    def reentered(self) -> list[ast.stmt]:
        return statements("F(N)", F=self.put(_suspend.reenter), N=self.node)


class SimpleWeave(SlotWeave):
    """Complete mode where one call pattern decides: the columns are local lists.

    `.c0.append(x)` at each binding, and in the end `FINISH(.p, (.c0, .c1), .e)`.
    """

    def prologue(self) -> list[ast.stmt]:
        columns = [
            store(self.name("c", i), ast.List([], ast.Load())) for i in range(self.site.width)
        ]
        active = statements(
            "if P is not None: BODY", {"BODY": columns or [ast.Pass()]}, P=self.parent
        )
        return [store(self.name("e"), ast.Constant(False)), *active, *self.declarations()]

    def declare_columns(self, owner: ast.expr) -> list[ast.stmt]:
        columns = ast.List([load(self.name("c", i)) for i in range(self.site.width)], ast.Load())
        return statements(
            "if P is not None: F(SITE, COLUMNS, OWNER)",
            F=self.put(_declared.declare_in_columns),
            SITE=self.put(self.site),
            P=self.parent,
            COLUMNS=columns,
            OWNER=owner,
        )

    def wants(self, name: str) -> bool:
        return name == "#error" or bool(self.site.stored_in(name))

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        body: list[ast.stmt] = [ast.Expr(append) for append in self._appends(name, value)]
        if name == "#error":
            body.append(store(self.name("e"), ast.Constant(True)))
        return statements("if P is not None: BODY", {"BODY": body}, P=self.parent)

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        appends = ast.Tuple(list(self._appends(name, value)), ast.Load())
        return expression("P is not None and A", P=self.parent, A=appends)

    def _appends(self, name: str, value: ast.expr) -> Iterator[ast.expr]:
        for column, generic in self.site.stored_in(name):
            kept = ast.Tuple([value, ast.Constant(name)], ast.Load()) if generic else value
            yield expression("C.append(V)", C=self.name("c", column), V=kept)

    def epilogue(self) -> list[ast.stmt]:
        columns = ast.Tuple([load(self.name("c", i)) for i in range(self.site.width)], ast.Load())
        return statements(
            "if P is not None: FINISH(P, COLUMNS, E)",
            P=self.parent,
            FINISH=self.put(self.site.finish),
            COLUMNS=columns,
            E=self.name("e"),
        )


class NodeWeave(RecordingWeave):
    """Keeps the bindings of an activation, numbered, in the columns of its record.

    Complete mode matches them when the outermost activation ends; live mode with side
    patterns matches them at each binding of the focus (`LISTEN`).
    """

    def wants(self, name: str) -> bool:
        return (
            bool(self.site.stored_in(name))
            or (name == "#error" and self.plan.keeps_all)
            or (not self.plan.keeps_all and name in self.site.event_names)
        )

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        body: list[ast.stmt] = [ast.Expr(e) for e in self._calls(name, value)]
        if name == "#error" and self.plan.keeps_all:
            body += statements("N.error = True", N=self.node)
        return statements("if N is not None: BODY", {"BODY": body}, N=self.node)

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        calls = ast.Tuple(list(self._calls(name, value)), ast.Load())
        return expression("N is not None and A", N=self.node, A=calls)

    def _calls(self, name: str, value: ast.expr) -> Iterator[ast.expr]:
        holes = {"N": load(self.node), "V": value, "NAME": ast.Constant(name)}
        for column, _ in self.site.stored_in(name):
            number = ast.Constant(column)
            if self.plan.keeps_all:
                text = "N.values[I].append((TICK(), V, NAME))"
            else:
                text = "N.values.__setitem__(I, (TICK(), V, NAME))"
            yield expression(text, I=number, TICK=self.put(_deliver.tick), **holes)
        if not self.plan.keeps_all and name in self.site.event_names:
            yield expression("F(N, V, NAME)", F=self.put(self.listener(self.site)), **holes)

    def prologue(self) -> list[ast.stmt]:
        made = super().prologue()
        if not self.plan.keeps_all and "#key" in self.site.event_names:
            made += statements(
                "if N is not None: F(N, N.key, NAME)",
                N=self.node,
                F=self.put(self.listener(self.site)),
                NAME=ast.Constant("#key"),
            )
        return made

    def listener(self, site: Site) -> object:
        """Gives what is called at a binding of the focus (live mode)."""
        return site.listen

    def wants_element(self, name: str) -> bool:
        return name in self.elements

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        site = self.elements[name]
        text = "if N is not None: F(N, SITE, K, V)"
        function: Callable[..., object] = _deliver.element_node
        if not self.plan.keeps_all and site.focus_names:
            text, function = "if N is not None: F(N, K, V)", site.listen_element
        return statements(
            text, N=self.node, F=self.put(function), SITE=self.put(site), K=key, V=value
        )
