"""Compiling one function's tree by itself, exactly as its module would have compiled it.

The names of a function mean what its surroundings make of them. Of these, only the free
variables (`co_freevars`), the class whose name mangles `__x`, the `__future__` statements
and two habits of the compiler matter to the code object: `m.f()` is a method call only if
the module does not import `m`, and `super()` gets its own instruction only if the module
itself does not mention `super`. So it is enough to stand the function in a small module
that has just these.
"""

import __future__

import ast
import copy
import functools
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import CO_NESTED, CO_OPTIMIZED
from types import CodeType
from typing import Any, cast

__all__ = [
    "Definition",
    "Surroundings",
    "bind_constants",
    "builtin_constant",
    "first_line",
    "future_flags",
    "isolated",
    "nested_codes",
    "parsed",
    "same_code",
]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

# What code compiled here is said to come from, until the real path is put in: warnings that
# the module's own compilation has already given (`x is 5`, `"\d"`), or that placeholders
# give (`'str' object is not callable`), are told apart from all others by it.
_QUIET = "<ptera: compiling>"
_QUIET_PATTERN = re.escape(_QUIET)

_FUTURE: int = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag,
    __future__.all_feature_names,
    0,
)

# Cannot be written in Python, so it shadows no name that the function reads.
_NAME = ".f"
_ANYWHERE: dict[str, Any] = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a definition, as far as it matters to its code.

    Arguments:
        imports: The names that the module imports.
        enclosing: The classes and functions around the definition, outermost first.
        mentions_super: Whether the module, outside of functions, mentions `super`.
    """

    imports: tuple[str, ...] = ()
    enclosing: tuple[ast.AST, ...] = ()
    mentions_super: bool = False

    def inside(self, node: Definition | ast.ClassDef) -> "Surroundings":
        """Gives the surroundings of what stands in the body of `node`."""
        return replace(self, enclosing=(*self.enclosing, node))


def future_flags(code: CodeType) -> int:
    """Gives the `__future__` flags that a code object was compiled with."""
    return code.co_flags & _FUTURE


def first_line(node: Definition | ast.ClassDef) -> int:
    """Gives the line where a definition starts, its decorators included."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return decorators[0].lineno if decorators else node.lineno


def parsed(text: str) -> ast.Module:
    """Parses a module without giving the warnings that its import has given.

    Raises:
        SyntaxError: If it is no Python.
    """
    _keep_quiet()
    tree = compile(text, _QUIET, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def isolated(
    code: CodeType, around: Surroundings, node: Definition, name: str | None = None
) -> CodeType:
    """Compiles a definition in place of the one that `code` was compiled from.

    Arguments:
        code: The code object that the module's compilation gave for the definition.
        around: What stands around it.
        node: The definition as written, or rewritten.
        name: What to call it; by default what `code` is called.

    Returns:
        The definition's code object, with the file, names and lines of `code`.

    Raises:
        SyntaxError: If the tree is none that Python can compile.

    Examples:
        >>> def f(x): return x + 1
        >>> node = ast.parse("def f(x): return x + 1").body[0]
        >>> node = ast.increment_lineno(node, 9)
        >>> isolated(f.__code__, Surroundings(), node).co_name
        'f'
    """
    tree, depth = _surrounded(code, around, node)
    _keep_quiet()
    compiled = compile(tree, _QUIET, "exec", future_flags(code), dont_inherit=True)
    for _ in range(depth):
        (compiled,) = nested_codes(compiled)
    qualname = code.co_qualname
    if name is not None:
        qualname = qualname[: len(qualname) - len(code.co_name)] + name
    relabelled = _relabelled(compiled, compiled.co_qualname, qualname, code.co_filename)
    return relabelled.replace(co_name=code.co_name if name is None else name)


def _keep_quiet() -> None:
    """Makes sure that warnings from `_QUIET`, and no others, are ignored.

    `warnings.catch_warnings` would replace the filters of all threads for a moment. This
    entry concerns nobody else, so it may stay. It is put in front only when another one
    is, since that makes every module forget which warnings it has shown once.
    """
    front = warnings.filters[0][3] if warnings.filters else None
    if getattr(front, "pattern", None) != _QUIET_PATTERN:
        warnings.filterwarnings("ignore", module=_QUIET_PATTERN)


def _surrounded(code: CodeType, around: Surroundings, node: Definition) -> tuple[ast.Module, int]:
    """Gives a module that holds the definition, and how deep.

    ::

        def .f(x, y):         # if it is nested: binds its free variables
            global C
            class C:          # if a class is around: mangles names, has `__class__`
                def .f(): ...
        import m, n
    """
    statements: list[ast.stmt] = [_bare(node)]
    depth = 1
    classes = [outer.name for outer in around.enclosing if isinstance(outer, ast.ClassDef)]
    if classes:
        statements = [_class(classes[-1], statements)]
        depth += 1
    if code.co_flags & CO_NESTED:
        free = [name for name in code.co_freevars if not (classes and name == "__class__")]
        if classes and classes[-1] not in free:
            statements.insert(0, ast.Global([classes[-1]], **_ANYWHERE))
        statements = [_function(free, statements)]
        depth += 1
    if around.imports:
        names = [ast.alias(name, **_ANYWHERE) for name in around.imports]
        statements.append(ast.Import(names, **_ANYWHERE))
    if around.mentions_super:
        statements.append(ast.Expr(ast.Name("super", ast.Load(), **_ANYWHERE), **_ANYWHERE))
    return ast.Module(statements, []), depth


def _bare(node: Definition) -> ast.stmt:
    """Gives the definition without what its surroundings evaluate.

    A decorator stays, as a name: the first line of the code object is the first decorator's.
    """
    made = copy.copy(node)
    made.args = _bare_arguments(node.args)
    if isinstance(made, ast.Lambda):
        target = ast.Name(_NAME, ast.Store(), **_ANYWHERE)
        return ast.Assign([target], made, **_ANYWHERE)
    made.name = _NAME
    made.returns = None
    made.decorator_list = [
        ast.copy_location(ast.Name(_NAME, ast.Load()), decorator)
        for decorator in made.decorator_list[:1]
    ]
    if hasattr(made, "type_params"):
        setattr(made, "type_params", [])  # noqa: B010 - unknown to checkers before 3.12
    return made


def _bare_arguments(arguments: ast.arguments) -> ast.arguments:
    def bare(parameter: ast.arg) -> ast.arg:
        return ast.copy_location(ast.arg(parameter.arg), parameter)

    return ast.arguments(
        posonlyargs=[bare(parameter) for parameter in arguments.posonlyargs],
        args=[bare(parameter) for parameter in arguments.args],
        vararg=None if arguments.vararg is None else bare(arguments.vararg),
        kwonlyargs=[bare(parameter) for parameter in arguments.kwonlyargs],
        kw_defaults=[None] * len(arguments.kwonlyargs),
        kwarg=None if arguments.kwarg is None else bare(arguments.kwarg),
        defaults=[],
    )


def _class(name: str, body: list[ast.stmt]) -> ast.ClassDef:
    made = ast.parse("class C: pass").body[0]
    assert isinstance(made, ast.ClassDef)
    made.name, made.body = name, body
    return made


def _function(parameters: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    made = ast.parse("def f(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.name, made.body = _NAME, body
    made.args.args = [ast.arg(name, **_ANYWHERE) for name in parameters]
    return made


def nested_codes(code: CodeType) -> list[CodeType]:
    """Gives the code objects directly inside one."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


_BUILTINS = {f"\0ptera.{made.__name__}": made for made in (BaseException, NameError, slice)}


def builtin_constant(name: str) -> str:
    """Gives the placeholder that `isolated` replaces with a builtin, where names could hide it."""
    placeholder = f"\0ptera.{name}"
    assert placeholder in _BUILTINS
    return placeholder


def _relabelled(code: CodeType, old: str, new: str, path: str) -> CodeType:
    """Gives the code with its file, and with qualified names that start as the original's."""
    qualname = code.co_qualname
    if qualname == old or qualname.startswith(f"{old}."):
        qualname = new + qualname[len(old) :]
    constants = tuple(
        _relabelled(constant, old, new, path) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    )
    if not _BUILTINS.keys().isdisjoint(code.co_consts):
        constants = tuple(_BUILTINS.get(c, c) if isinstance(c, str) else c for c in constants)
    if not code.co_flags & CO_OPTIMIZED:  # the body of a class assigns `__qualname__`
        constants = tuple(qualname if c == code.co_qualname else c for c in constants)
    return code.replace(co_filename=path, co_qualname=qualname, co_consts=constants)


_Constants = tuple[object, ...]

_FIELDS = (
    "co_name",
    "co_firstlineno",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_code",
    "co_exceptiontable",
)


def same_code(left: CodeType, right: CodeType, columns: bool = True) -> bool:
    """Tells whether two code objects do the same on the same lines.

    `==` is not enough: it leaves lines out on some versions, and says that a code object
    with a `nan` in it is not itself.

    Arguments:
        left: One.
        right: The other.
        columns: Whether the columns must be the same too (they are missing from code that
            was compiled with `-X no_debug_ranges`).

    Examples:
        >>> same_code(compile("1", "a", "eval"), compile("1.0", "a", "eval"))
        False
    """
    if any(getattr(left, field) != getattr(right, field) for field in _FIELDS):
        return False
    if left.co_linetable != right.co_linetable:
        if columns or list(left.co_lines()) != list(right.co_lines()):
            return False
    return _same_constants(left.co_consts, right.co_consts, columns)


def _same_constants(left: Sequence[object], right: Sequence[object], columns: bool) -> bool:
    return len(left) == len(right) and all(
        _same_constant(mine, other, columns) for mine, other in zip(left, right, strict=True)
    )


def _same_constant(left: object, right: object, columns: bool) -> bool:
    if isinstance(left, CodeType) and isinstance(right, CodeType):
        return same_code(left, right, columns)
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        mine, other = cast(_Constants, left), cast(_Constants, right)
        return _same_constants(mine, other, columns)
    if isinstance(left, frozenset):
        return _typed(cast(_Constants, left)) == _typed(cast(_Constants, right))
    if isinstance(left, float | complex):  # tells 0.0 from -0.0, and knows nan
        return repr(left) == repr(right)
    return left == right


def _typed(constants: Iterable[object]) -> set[tuple[type, object]]:
    return {(type(constant), constant) for constant in constants}


def bind_constants(code: CodeType, objects: Mapping[str, object]) -> CodeType:
    """Puts objects where placeholders stand in the constants of a code object.

    Generated code reaches objects as constants: fast, and without a name that could be
    shadowed or seen. Only strings, numbers and the like can be compiled, so the tree has
    a placeholder string for each. It may be called and read, but not computed with, lest
    the compiler do that itself.

    Arguments:
        code: The compiled code, functions nested in it included.
        objects: What each placeholder stands for.

    Returns:
        The code with the objects in its constants, and in constant tuples.

    Examples:
        >>> code = compile("f = lambda: 'placeholder'", "", "exec")
        >>> exec(bind_constants(code, {"placeholder": len}))
        >>> f()
        <built-in function len>
    """

    def bound(constants: Sequence[object]) -> Iterator[object]:
        for constant in constants:
            if isinstance(constant, str):
                yield objects.get(constant, constant)
            elif isinstance(constant, CodeType):
                yield bind_constants(constant, objects)
            else:
                is_tuple = type(constant) is tuple
                yield tuple(bound(cast(_Constants, constant))) if is_tuple else constant

    return code.replace(co_consts=tuple(bound(code.co_consts)))
