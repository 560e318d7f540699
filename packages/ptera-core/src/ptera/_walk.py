"""The walk through a function's own scope: what it binds, reads and does, and where."""

import __future__

import ast
import enum
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ._compile import first_line
from ._source import Source
from ._syntax import (
    body_of,
    default_of,
    dotted_name,
    is_list,
    is_plain,
    is_required,
    outer_parts,
    parameters_of,
    pattern_names,
    target_leaves,
    target_names,
)

__all__ = ["Binding", "Kind", "Reader", "evaluates_annotations"]


class Kind(enum.Enum):
    """How a variable gets its value."""

    PARAMETER = "parameter"
    LOCAL = "local"
    DECLARED = "declared"
    LOOP = "loop"
    WITH = "with"
    IMPORT = "import"
    EXCEPT = "except"
    WALRUS = "walrus"
    MATCH = "match"
    DEFINITION = "definition"
    COMPREHENSION = "comprehension"
    ATTRIBUTE = "attribute"
    READ = "read"
    NONLOCAL = "nonlocal"


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a variable gets a value, or is declared."""

    name: str
    kind: Kind
    position: tuple[int, int]
    lines: tuple[int, int] | None = None
    annotation: ast.expr | None = None
    value: ast.expr | None = None


def evaluates_annotations(source: Source) -> bool:
    """Tells whether annotations of nested functions are evaluated when those are defined."""
    postponed = source.module_flags & __future__.annotations.compiler_flag
    return not postponed and sys.version_info < (3, 14)


_Hidden = frozenset[str]
_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop)


class Reader:
    """Walks a function's own scope. The order of visits is free: positions tell the rest."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.bindings: list[Binding] = []
        self.reads: dict[str, tuple[int, int]] = {}
        self.elements: set[str] = set()
        self.loops: set[str] = set()
        self.deletes: set[str] = set()
        self.outer: set[str] = set()
        self.rebound_inside: set[str] = set()
        self.mentions: list[tuple[tuple[int, int], str]] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.calls = False
        # What is left to look at, and the comprehension targets that hide names there.
        self._todo: list[tuple[ast.AST, _Hidden]] = []

    def read(self) -> None:
        """Collects everything."""
        node = self.source.node
        for parameter in parameters_of(node):
            # A comment beside or above the first line is the function's, not a parameter's.
            own_line = not isinstance(node, ast.Lambda) and parameter.lineno > node.lineno
            self.bind(
                parameter.arg,
                Kind.PARAMETER,
                parameter,
                parameter if own_line else None,
                parameter.annotation,
                default_of(node, parameter),
            )
        self.visit_all(body_of(node), frozenset())
        while self._todo:
            item, hidden = self._todo.pop()
            visit = _VISITS.get(type(item))
            if visit is None:
                self.visit_parts(item, hidden)
            else:
                visit(self, item, hidden)

    def visit_all(self, nodes: Iterable[ast.AST | None], hidden: _Hidden) -> None:
        """Leaves nodes to be looked at."""
        self._todo += [(node, hidden) for node in nodes if node is not None]

    def visit_parts(self, node: ast.AST, hidden: _Hidden) -> None:
        """Leaves what a node consists of to be looked at."""
        for name in node._fields:
            part = getattr(node, name, None)
            if is_list(part):
                self._todo += [(item, hidden) for item in part if isinstance(item, ast.AST)]
            elif isinstance(part, ast.AST) and not isinstance(part, _LEAVES):
                self._todo.append((part, hidden))

    def bind(
        self,
        name: str,
        kind: Kind,
        at: ast.AST,
        statement: ast.AST | None = None,
        annotation: ast.expr | None = None,
        value: ast.expr | None = None,
    ) -> None:
        """Notes a binding of `name` at a node, in a statement."""
        if all(map(is_plain, name.split("."))):
            lines = None if statement is None else _lines_of(statement)
            self.bindings.append(Binding(name, kind, _position(at), lines, annotation, value))

    def bind_target(
        self,
        target: ast.expr,
        kind: Kind,
        statement: ast.AST,
        annotation: ast.expr | None = None,
        value: ast.expr | None = None,
    ) -> None:
        """Notes what a target binds."""
        for leaf in target_leaves(target):
            name = dotted_name(leaf)
            if name is not None:
                kind_here = kind if isinstance(leaf, ast.Name) else Kind.ATTRIBUTE
                self.bind(name, kind_here, leaf, statement, annotation, value)
            elif isinstance(leaf, ast.Subscript) and isinstance(leaf.value, ast.Name):
                self.elements.add(leaf.value.id)

    # Statements. What they bind is noted; the names in their targets are visited too, but
    # only those that are read count there.

    def assign(self, node: ast.Assign, hidden: _Hidden) -> None:
        single = len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple | ast.List)
        for target in node.targets:
            self.bind_target(target, Kind.LOCAL, node, value=node.value if single else None)
        self.visit_all([*node.targets, node.value], hidden)

    def augmented(self, node: ast.AugAssign, hidden: _Hidden) -> None:
        self.bind_target(node.target, Kind.LOCAL, node)
        if isinstance(node.target, ast.Name):
            self.read_name(node.target, hidden)
        self.visit_all([node.target, node.value], hidden)

    def annotated(self, node: ast.AnnAssign, hidden: _Hidden) -> None:
        target = node.target
        declares = node.value is None or is_required(node.value)
        if not declares:
            self.bind_target(target, Kind.LOCAL, node, node.annotation, node.value)
        elif isinstance(target, ast.Name):
            self.bind(target.id, Kind.DECLARED, target, node, node.annotation)
        # The annotation of a local variable is never evaluated.
        self.visit_all([target, node.value], hidden)

    def loop(self, node: Any, hidden: _Hidden) -> None:
        self.calls |= isinstance(node, ast.AsyncFor)
        self.bind_target(node.target, Kind.LOOP, node)
        self.loops |= set(target_names(node.target))
        self.visit_parts(node, hidden)

    def managed(self, node: Any, hidden: _Hidden) -> None:
        self.calls = True
        for item in node.items:
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, Kind.WITH, node)
        self.visit_parts(node, hidden)

    def imported(self, node: Any, hidden: _Hidden) -> None:
        self.imports.append(node)
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], Kind.IMPORT, alias, node)

    def handler(self, node: ast.ExceptHandler, hidden: _Hidden) -> None:
        if node.name is not None:
            self.bind(node.name, Kind.EXCEPT, node, node)
            self.deletes.add(node.name)
        self.visit_parts(node, hidden)

    def case(self, node: ast.match_case, hidden: _Hidden) -> None:
        for name in pattern_names(node.pattern):
            self.bind(name, Kind.MATCH, node.pattern)
        self.visit_parts(node, hidden)

    def delete(self, node: ast.Delete, hidden: _Hidden) -> None:
        for target in node.targets:
            self.deletes |= set(target_names(target))
        self.visit_all(node.targets, hidden)

    def declared_outer(self, node: Any, hidden: _Hidden) -> None:
        self.outer |= set(node.names)

    def type_alias(self, node: Any, hidden: _Hidden) -> None:
        self.bind(node.name.id, Kind.DEFINITION, node.name, node)

    def definition(self, node: Any, hidden: _Hidden) -> None:
        self.calls |= bool(node.decorator_list) or isinstance(node, ast.ClassDef)
        self.bind(node.name, Kind.DEFINITION, node, node)
        self.nested(node, hidden)

    # Expressions.

    def nested(self, node: Any, hidden: _Hidden) -> None:
        self.visit_all(outer_parts(node, evaluates_annotations(self.source)), hidden)
        inside: list[ast.AST] = [*node.body] if is_list(node.body) else [node.body]
        while inside:
            part = inside.pop()
            if isinstance(part, ast.Nonlocal):
                self.rebound_inside |= set(part.names)
            inside += ast.iter_child_nodes(part)

    def walrus(self, node: ast.NamedExpr, hidden: _Hidden) -> None:
        self.bind(node.target.id, Kind.WALRUS, node.target)
        self.visit_all([node.value], hidden)

    def comprehension(self, node: Any, hidden: _Hidden) -> None:
        targets = [generator.target for generator in node.generators]
        inner = hidden.union(*map(target_names, targets))
        for target in targets:
            for leaf in target_leaves(target):
                if isinstance(leaf, ast.Name):
                    self.bind(leaf.id, Kind.COMPREHENSION, leaf)
        first, *rest = node.generators
        self.visit_all([first.iter], hidden)
        self.visit_all([first.target, *first.ifs, *rest], inner)
        fields = ("key", "value") if isinstance(node, ast.DictComp) else ("elt",)
        self.visit_all([getattr(node, name) for name in fields], inner)

    def name(self, node: ast.Name, hidden: _Hidden) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read_name(node, hidden)

    def read_name(self, node: ast.Name, hidden: _Hidden) -> None:
        if node.id not in hidden and is_plain(node.id):
            position = _position(node)
            self.reads[node.id] = min(self.reads.get(node.id, position), position)
            self.mentions.append((position, node.id))

    def attribute(self, node: ast.Attribute, hidden: _Hidden) -> None:
        text = _mention(node)
        if text is not None and text.partition(".")[0] not in hidden:
            self.mentions.append((_position(node), text))
        self._todo.append((node.value, hidden))

    def call(self, node: ast.AST, hidden: _Hidden) -> None:
        self.calls = True
        self.visit_parts(node, hidden)


def _mention(node: ast.expr) -> str | None:
    """Gives the text of a name's attribute, and of one of `super()`."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super":
        return ".".join(["super()", *attributes])
    return ".".join([node.id, *attributes]) if isinstance(node, ast.Name) else None


def _position(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _lines_of(statement: Any) -> tuple[int, int]:
    """Gives the lines whose comments belong to a statement: of a block, those of its head."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return first_line(statement), statement.lineno
    if hasattr(statement, "body"):
        return statement.lineno, statement.lineno
    return statement.lineno, statement.end_lineno


_Visit = Callable[[Reader, Any, _Hidden], None]
_VISITS: dict[type[ast.AST], _Visit] = {
    ast.Assign: Reader.assign,
    ast.AugAssign: Reader.augmented,
    ast.AnnAssign: Reader.annotated,
    ast.For: Reader.loop,
    ast.AsyncFor: Reader.loop,
    ast.With: Reader.managed,
    ast.AsyncWith: Reader.managed,
    ast.Import: Reader.imported,
    ast.ImportFrom: Reader.imported,
    ast.ExceptHandler: Reader.handler,
    ast.match_case: Reader.case,
    ast.Delete: Reader.delete,
    ast.Global: Reader.declared_outer,
    ast.Nonlocal: Reader.declared_outer,
    ast.FunctionDef: Reader.definition,
    ast.AsyncFunctionDef: Reader.definition,
    ast.ClassDef: Reader.definition,
    ast.Lambda: Reader.nested,
    ast.NamedExpr: Reader.walrus,
    ast.ListComp: Reader.comprehension,
    ast.SetComp: Reader.comprehension,
    ast.DictComp: Reader.comprehension,
    ast.GeneratorExp: Reader.comprehension,
    ast.Name: Reader.name,
    ast.Attribute: Reader.attribute,
    ast.Call: Reader.call,
    ast.Await: Reader.call,
    ast.Yield: Reader.call,
    ast.YieldFrom: Reader.call,
}
if sys.version_info >= (3, 12):
    _VISITS[ast.TypeAlias] = Reader.type_alias
