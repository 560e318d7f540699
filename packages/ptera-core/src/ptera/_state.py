"""The code of a function object: the function's own, with the state put where it belongs."""

import ast
import copy
import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType

from ._originals import remember_code
from ._scope import Facts, Kind, Variable, facts_of
from ._shape import (
    KEY,
    UNSET_NAME,
    Shape,
    is_ptera,
    is_state_name,
    key_expression,
    shape_of,
    slot_name,
)
from ._source import Definition, Source, compile_node
from ._syntax import body_of, is_default, outer_parts, target_names
from ._template import expression, load, statements
from .rewrite import Weave, Weaves, rewrite

__all__ = [
    "Shape",
    "code_for",
    "is_only_read",
    "is_ptera",
    "key_expression",
    "shape_of",
    "slots_of",
    "tree_for",
]

_READ_ONLY = frozenset({Kind.READ})


def code_for(source: Source, shape: Shape, weaves: Sequence[Weave]) -> CodeType:
    """Gives the code of a function with that shape of state, and with weaves in it.

    Arguments:
        source: The function as it was written.
        shape: Which variables have a value.
        weaves: What overlays do there; those that change values first.

    Returns:
        The code object. It takes what it reads of the state as keyword-only arguments
        named `ptera.…`. Where there is nothing to do, it is the function's own.

    Raises:
        SourceError: The rewritten function cannot stand in for the one that was written.
    """
    if weaves:
        return _woven(source, shape, weaves)
    known = _codes.setdefault(source, {})
    if shape not in known:
        known[shape] = _woven(source, shape, ())
    return known[shape]


_codes: "weakref.WeakKeyDictionary[Source, dict[Shape, CodeType]]" = weakref.WeakKeyDictionary()


def _woven(source: Source, shape: Shape, weaves: Sequence[Weave]) -> CodeType:
    node = tree_for(source, shape, weaves)
    if node is source.node:
        return source.code
    code = compile_node(source, node)
    remember_code(code, source.code)
    return code


def tree_for(source: Source, shape: Shape, weaves: Sequence[Weave]) -> Definition:
    """Gives the tree that `code_for` compiles; the source's own where there is nothing to do."""
    parts = list(weaves)
    if shape.decorated:
        first, doubt = StateWeave(source, shape), DoubtWeave(source, shape)
        if not weaves and not first.acts:
            return source.node
        leading = sum(getattr(weave, "leads", False) for weave in weaves)
        changing = leading + sum(getattr(weave, "changes", False) for weave in weaves)
        parts = [*weaves[:leading], first, *weaves[leading:changing], doubt, *weaves[changing:]]
    node = _read_from_state(rewrite(source, Weaves(parts)), source, shape)
    if shape.decorated:
        _take_state(node, [*map(slot_name, slots_of(source)), *([KEY] if shape.keyed else [])])
    return node


def slots_of(source: Source) -> list[str]:
    """Gives the variables that ask for a value: their slots are always there.

    So a value that is set for the first time leaves the parameters as they are, which
    compilers remember (Dynamo does).
    """
    variables = facts_of(source).variables.values()
    return [v.name for v in variables if Kind.DECLARED in v.kinds or is_default(v.default)]


def _take_state(node: Definition, always: Sequence[str]) -> None:
    """Adds a keyword-only parameter for each part of the state that is, or may be, read."""
    names = set(always) | {
        part.id
        for statement in body_of(node)
        for part in ast.walk(statement)
        if isinstance(part, ast.Name) and is_state_name(part.id)
    }
    arguments = copy.copy(node.args)
    added = [ast.copy_location(ast.arg(name), node) for name in sorted(names)]
    arguments.kwonlyargs = [*arguments.kwonlyargs, *added]
    arguments.kw_defaults = [*arguments.kw_defaults, *(None for _ in added)]
    node.args = arguments


def _read_from_state(node: Definition, source: Source, shape: Shape) -> Definition:
    """Has names that the function only reads come from the state: `print` is `ptera.print`.

    Nested functions go on reading the name itself, as they do without Ptera.
    """
    variables = facts_of(source).variables
    renamed = {
        name: slot_name(name)
        for name in shape.variables
        if name in variables and is_only_read(variables[name])
    }
    if not renamed:
        return node
    node = copy.deepcopy(node)  # it shares parts with the tree as written
    assert not isinstance(node, ast.Lambda)  # a rewritten lambda is a `def`
    reading = _Reading(renamed)
    for statement in node.body:
        reading.visit(statement)
    # A free variable that nobody reads any more would be none; what never runs keeps it.
    for name in sorted(renamed.keys() & set(source.code.co_freevars)):
        kept = statements("if False: X", X=name)
        node.body += [ast.copy_location(statement, node.body[-1]) for statement in kept]
    return ast.fix_missing_locations(node)


class _Reading(ast.NodeVisitor):
    """Renames what is read in the function's own scope and in its comprehensions."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            node.id = self.names.get(node.id, node.id)

    def _visit_definition(self, node: ast.stmt | ast.expr) -> None:
        for part in outer_parts(node, evaluates_annotations=True):
            self.visit(part)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _visit_definition

    def _visit_comprehension(self, node: ast.expr) -> None:
        generators: list[ast.comprehension] = getattr(node, "generators", [])
        own = {name for generator in generators for name in target_names(generator.target)}
        self.visit(generators[0].iter)
        inside = {name: stated for name, stated in self.names.items() if name not in own}
        _Reading(inside).generic_visit(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension


def is_only_read(variable: Variable) -> bool:
    """Tells whether the function reads the name without ever binding it."""
    return variable.kinds == _READ_ONLY


class _StateWeave(Weave):
    """What both halves know of the state: which variables have a value, and why not."""

    def __init__(self, source: Source, shape: Shape) -> None:
        self.source = source
        self.facts: Facts = facts_of(source)
        self.shape = shape
        variables = self.facts.variables.values()
        self.declared = {v.name for v in variables if Kind.DECLARED in v.kinds}
        # A value of priority 0 is for the place that asks for one; where there is none, it
        # meets the code's own, of the same priority.
        self.conflicting = {name for name in shape.plain if not self._asks(name)}
        self.unset = self.declared - shape.variables

    def _asks(self, name: str) -> bool:
        variable = self.facts.variables.get(name)
        return variable is not None and (
            name in self.positional_or_keyword
            or Kind.DECLARED in variable.kinds
            or is_only_read(variable)
            or is_default(variable.default)
        )

    @property
    def positional_or_keyword(self) -> set[str]:
        """The parameters that an argument can be given for: all but `*args` and `**kwargs`."""
        arguments = self.source.node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        return {parameter.arg for parameter in named}

    @property
    def arguments(self) -> set[str]:
        """The parameters whose argument may meet a value of priority 0."""
        return self.positional_or_keyword & self.shape.plain


class StateWeave(_StateWeave):
    """Gives variables the values that the object holds for them.

    ::

        W: T                W = ptera.W                 # perhaps `UNSET`: see `DoubtWeave`
        T = default(1.0)    T = ptera.T
        y = f(x)            y = (f(x), ptera.y)[1]      # `override`
        def f(x=<ptera.x>)  if x is not ptera.x: x = ptera.#unset
    """

    @property
    def acts(self) -> bool:
        """Whether the function's own code would not do."""
        shape = self.shape
        return bool(
            slots_of(self.source)
            or shape.keyed
            or shape.forced
            or shape.missing
            or shape.contested
            or (shape.plain | shape.defaults) - self._silent
        )

    @property
    def _silent(self) -> set[str]:
        """The variables whose value from `@ptera.defaults` is just their parameter's default."""
        return self.positional_or_keyword & (self.shape.defaults - self.shape.plain)

    def prologue(self) -> list[ast.stmt]:
        made = self._missing()
        for name in sorted(self.arguments):
            made += statements(
                "if X is not OWN: X = UNSET", X=name, OWN=slot_name(name), UNSET=UNSET_NAME
            )
        return made

    def _missing(self) -> list[ast.stmt]:
        names = self.shape.missing
        if not names:
            return []
        tests = [expression("X is UNSET", X=name, UNSET=UNSET_NAME) for name in names]
        return statements(
            "if TEST: UNSET.missing(FUNCTION, NAMES, VALUES)",
            TEST=tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests),
            UNSET=UNSET_NAME,
            FUNCTION=ast.Constant(self.facts.qualname),
            NAMES=_tuple(ast.Constant(name) for name in names),
            VALUES=_tuple(load(name) for name in names),
        )

    def wants(self, name: str) -> bool:
        return (
            self.shape.is_forced(name)
            or name in self.conflicting
            or (name in self.shape.variables and is_default(self._first_value(name)))
        )

    def replaces(self, name: str) -> bool:
        return True

    def _first_value(self, name: str) -> ast.expr | None:
        variable = self.facts.variables.get(name)
        return None if variable is None else variable.default

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        if name in self.shape.variables and is_default(value):
            # What is not evaluated still tells the compiler which names are local or free.
            return expression("X if True else V", X=slot_name(name), V=value)
        if self.shape.is_forced(name):
            return _instead(value, slot_name(name))
        if name in self.conflicting:
            return _instead(value, UNSET_NAME)
        return value

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        if name not in self.declared:
            return None
        return statements("X = V", X=name, V=slot_name(name))

    def hides_locals(self) -> ast.expr | None:
        if not self.facts.inspects_locals or not self.acts:
            return None
        return expression("UNSET.visible", UNSET=UNSET_NAME)


class DoubtWeave(_StateWeave):
    """Raises an error where a variable is left without one value.

    It stands after the weaves of overlays that change values: theirs settle the matter.
    `if W is ptera.W: ptera.W.unset("W", "layer", "mlp.py", 12)`, where it has no value.
    """

    def wants(self, name: str) -> bool:
        return (
            name in self.unset
            or name in self.conflicting
            or name in self.arguments
            or name in self.shape.contested
        )

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        return statements(
            "if V is UNSET: RAISE", V=value, UNSET=self._unset(name), RAISE=self._error(name)
        )

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        return expression(
            "V is UNSET and RAISE", V=value, UNSET=self._unset(name), RAISE=self._error(name)
        )

    def _unset(self, name: str) -> str:
        """Gives what holds `UNSET`: the variable's own slot, or a parameter for just that."""
        return slot_name(name) if name in self.unset else UNSET_NAME

    def _error(self, name: str) -> ast.expr:
        function, path = self.facts.name, self.source.path
        line = self.facts.variables[name].line
        parts: list[object] = [name, function, path, line]
        if name in self.unset:
            return _call(slot_name(name), "unset", parts)
        state = f"the state of `{function}` (`new` or `.state`)"
        if name in self.shape.contested:
            places = [f"its default in the signature ({path}:{line})", "`@ptera.defaults`"]
        elif name in self.arguments:
            places = [f"the argument of the call ({path}:{line})", state]
        else:
            places = [f"the code ({path}:{line})", state]
        return _call(UNSET_NAME, "conflict", [name, function, *places])


def _call(unset: str, method: str, values: Sequence[object]) -> ast.expr:
    call = ast.Call(ast.Attribute(load(unset), method, ast.Load()), [], [])
    call.args = [ast.Constant(value) for value in values]  # type: ignore[arg-type]  # str and int
    return call


def _instead(value: ast.expr, name: str) -> ast.expr:
    """Gives what evaluates `value` and is the other one: `(value, name)[1]`."""
    if isinstance(value, ast.Name | ast.Constant):
        return load(name)
    return expression("(V, X)[1]", V=value, X=name)


def _tuple(elements: Iterator[ast.expr]) -> ast.Tuple:
    return ast.Tuple(list(elements), ast.Load())
