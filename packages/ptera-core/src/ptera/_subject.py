"""One function's definition as the engine sees it: its facts, and what patterns it fits."""

import ast
import builtins
import functools
import types
import typing
import weakref
from collections.abc import Iterator, Mapping, Set
from types import CodeType, FunctionType
from typing import Any, Literal

from ptera_selector import Capture, Category, Filter

from ._declared import Declarer, declarer_of
from ._originals import original_code
from ._resolve import NOTHING, Scope
from ._scope import Facts, Kind, Variable, facts_of
from ._source import Source
from ._specs import Spec, Specs
from ._tags import Tag, TagSet, enter_tag, exit_tag, match_tag, tags_of

__all__ = ["Subject", "annotation_value"]

# Kinds that `$x` does not stand for.
_NOT_GENERIC = frozenset({Kind.READ, Kind.ATTRIBUTE, Kind.COMPREHENSION})
_POINT_TAGS = {"#enter": enter_tag, "#receive": enter_tag, "#exit": exit_tag, "#yield": exit_tag}


Categories = Mapping[str, object]

# Builtins that call nothing but what operators call too.
_HARMLESS = frozenset(
    "abs bool bytes chr dict divmod enumerate float frozenset hash hex id int isinstance "
    "issubclass len list max min ord pow print range repr reversed round set slice str sum "
    "tuple type zip".split()
)
_READ = frozenset({Kind.READ})
_SUSPENDING = (ast.Await, ast.Yield, ast.YieldFrom, ast.With, ast.AsyncWith, ast.AsyncFor)
_DEFINING = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _may_call(node: ast.AST, harmless: Set[str]) -> bool:
    if isinstance(node, ast.Call):
        return not (isinstance(node.func, ast.Name) and node.func.id in harmless) or bool(
            node.keywords
        )
    if isinstance(node, _DEFINING):
        return isinstance(node, ast.ClassDef) or bool(node.decorator_list)
    return isinstance(node, _SUSPENDING)


class Subject:
    """A definition: its source, its facts, and whether it is decorated.

    All copies of a decorated function, and all closures made by one `def`, are the
    same subject.
    """

    def __init__(self, source: Source, function: FunctionType | None, decorated: bool) -> None:
        self.source = source
        self.facts: Facts = facts_of(source)
        self.name = source.code.co_name
        self.decorated = decorated
        self.function = None if function is None else weakref.ref(function)
        self._annotations: dict[str, object] = {}

    def keep_to(self, function: FunctionType) -> None:
        """Looks annotations up in another copy, if the one so far is gone."""
        if self.function is not None and self.function() is None:
            self.function = weakref.ref(function)

    @property
    def code(self) -> CodeType:
        """The untouched code object."""
        return self.source.code

    @property
    def counted_name(self) -> str:
        """The name under which its calls are counted: a method's has its class's before it."""
        enclosing = self.source.enclosing
        if enclosing and isinstance(enclosing[-1], ast.ClassDef):
            return f"{enclosing[-1].name}.{self.name}"
        return self.name

    def annotation(self, variable: str) -> object:
        """Gives the value of the annotation of a variable, or of `return`; `NOTHING` if none."""
        if variable not in self._annotations:
            self._annotations[variable] = self._evaluate(variable)
        return self._annotations[variable]

    def _evaluate(self, variable: str) -> object:
        node = self.source.node
        if variable == "return":
            expression = None if isinstance(node, ast.Lambda) else node.returns
        else:
            known = self.facts.variables.get(variable)
            expression = None if known is None else known.annotation
        if expression is None:
            return NOTHING
        return annotation_value(expression, self._names())

    def _names(self) -> Scope:
        function = None if self.function is None else self.function()
        if function is None:
            return Scope(())
        cells = dict(_cells(function))
        return Scope((cells, function.__globals__, vars(builtins)))

    @functools.cached_property
    def calls_out(self) -> bool:
        """Whether a visible function can run inside it, as far as its calls tell.

        Operators and builtins such as `range` and `len` are taken not to call any.
        """
        if not self.facts.calls:
            return False
        names = self._names()
        known = {name for space in names.names[:2] for name in space}
        harmless = _HARMLESS - self.facts.variables.keys() | {
            name
            for name in _HARMLESS & self.facts.variables.keys()
            if self.facts.variables[name].kinds <= _READ and name not in known
        }
        return any(_may_call(node, harmless) for node in ast.walk(self.source.node))

    def generic_variables(
        self, category: Category | None, categories: Categories
    ) -> Iterator[Variable]:
        """Gives the variables that `$x:C` stands for, in the order of their lines."""
        for variable in self.facts.variables.values():
            if not variable.kinds <= _NOT_GENERIC and self.has_category(
                variable.name, category, categories
            ):
                yield variable

    def has_category(
        self, variable: str, category: Category | None, categories: Categories
    ) -> bool:
        """Tells whether a variable (or the function, for `return`) is of that category."""
        if category is None:
            return True
        if variable in _POINT_TAGS:
            annotation: object = _POINT_TAGS[variable]
        else:
            annotation = self.annotation("return" if variable == "#value" else variable)
        return annotation is not NOTHING and self.is_of_category(annotation, category, categories)

    @staticmethod
    def is_of_category(
        annotation: object, category: Category | None, categories: Categories
    ) -> bool:
        """Tells whether an annotation's value is of a category; anything is of none."""
        return category is None or all(
            _is_of(annotation, name, categories.get(name, NOTHING)) for name in category.names
        )

    @functools.cached_property
    def declarer(self) -> Declarer | None:
        """Tells what the method's object declares, if a plugin knows it to declare anything."""
        function = None if self.function is None else self.function()
        return None if function is None else declarer_of(function)

    def has_variable(self, variable: str) -> bool:
        """Tells whether a variable or point of that name exists in the function."""
        if not variable.startswith("#"):
            return variable in self.facts.variables
        if variable in ("#yield", "#receive"):
            return self.facts.is_generator
        for prefix in ("#loop_", "#endloop_"):
            if variable.startswith(prefix):
                return variable.removeprefix(prefix) in self.facts.loops
        return True

    def fits(self, spec: Spec, specs: Specs) -> bool:
        """Tells what can be told without running it: name, category and variables."""
        return (
            self.is_named(spec)
            and self.has_category("return", spec.call.category, specs.categories)
            and all(self._has(variable, specs.categories) for variable in spec.call.variables)
        )

    def _has(self, pattern: Capture | Filter, categories: Categories) -> bool:
        if pattern.variable is None:
            generic = self.generic_variables(pattern.category, categories)
            return self.declarer is not None or any(True for _ in generic)
        return self.has_variable(pattern.variable) and self.has_category(
            pattern.variable, pattern.category, categories
        )

    def is_named(self, spec: Spec) -> bool:
        """Tells whether a call pattern's name means this function."""
        meant = spec.meant
        if meant is None:
            return True
        if meant.decorated is not None:
            return self.name == meant.decorated and (self.decorated or self._is_nested)
        if meant.has_code(self.code):
            return True
        return meant.nested and any(code.co_filename == self.source.path for code in meant.codes)

    @property
    def _is_nested(self) -> bool:
        return bool(self.source.enclosing) and not isinstance(
            self.source.enclosing[-1], ast.ClassDef
        )


def _cells(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(
        original_code(function).co_freevars, function.__closure__ or (), strict=False
    ):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _is_of(annotation: object, name: str, wanted: object) -> bool:
    """Tells whether an annotation's value is of the category `name`, which stands for `wanted`."""
    tag_only = name.startswith("@")
    bare = name.removeprefix("@").rpartition(".")[2]
    if isinstance(wanted, Tag | TagSet):
        return match_tag(wanted, annotation)
    if match_tag(bare, annotation):
        return True
    if tag_only:
        return False
    classes = _classes(annotation)
    if isinstance(wanted, type):
        return any(wanted in cls.__mro__ for cls in classes)
    return any(base.__name__ == bare for cls in classes for base in cls.__mro__)


def _classes(annotation: object) -> tuple[type, ...]:
    """Gives the classes that an annotation names: itself, its origin, a union's members."""
    carried = tags_of(annotation)
    if carried is not None:
        members = [member for member in carried.members if not isinstance(member, Tag)]
        return tuple(c for member in members for c in _classes(member))
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return tuple(c for member in typing.get_args(annotation) for c in _classes(member))
    origin = typing.get_origin(annotation)
    if isinstance(origin, type):
        return (origin,)
    return (annotation,) if isinstance(annotation, type) else ()


def annotation_value(expression: ast.expr, scope: Scope) -> object:
    """Evaluates names, attributes, subscripts, `&`, `|` and quoted annotations; runs no call.

    Returns:
        The value, or `NOTHING` if it holds anything else or a name is unknown.
    """
    if isinstance(expression, ast.Constant):
        if isinstance(expression.value, str):
            return _quoted(expression.value, scope)
        return expression.value
    if isinstance(expression, ast.Name):
        return scope.get(expression.id)
    if isinstance(expression, ast.Attribute):
        holder = annotation_value(expression.value, scope)
        return NOTHING if holder is NOTHING else getattr(holder, expression.attr, NOTHING)
    if isinstance(expression, ast.Subscript):
        return _subscripted(expression, scope)
    if isinstance(expression, ast.Tuple):
        return tuple(annotation_value(element, scope) for element in expression.elts)
    if isinstance(expression, ast.List):
        return [annotation_value(element, scope) for element in expression.elts]
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.BitAnd | ast.BitOr):
        return _combined(expression, scope)
    return NOTHING


def _subscripted(expression: ast.Subscript, scope: Scope) -> object:
    """Evaluates `Holder[…]`, or the holder alone where that fails."""
    holder: Any = annotation_value(expression.value, scope)
    if holder is NOTHING:
        return NOTHING
    value = _choices if holder is Literal else annotation_value
    try:
        return holder[value(expression.slice, scope)]
    except Exception:
        return holder


def _choices(expression: ast.expr, scope: Scope) -> object:
    """Evaluates what stands in `Literal[…]`: there, a string is no quoted annotation."""
    if isinstance(expression, ast.Tuple):
        return tuple(_choices(element, scope) for element in expression.elts)
    if isinstance(expression, ast.Constant | ast.UnaryOp):
        return ast.literal_eval(expression)
    return annotation_value(expression, scope)


def _quoted(text: str, scope: Scope) -> object:
    try:
        return annotation_value(ast.parse(text, mode="eval").body, scope)
    except SyntaxError:
        return NOTHING


def _combined(expression: ast.BinOp, scope: Scope) -> object:
    left: Any = annotation_value(expression.left, scope)
    right: Any = annotation_value(expression.right, scope)
    if left is NOTHING or right is NOTHING:
        return NOTHING
    try:
        return left & right if isinstance(expression.op, ast.BitAnd) else left | right
    except TypeError:
        return NOTHING
