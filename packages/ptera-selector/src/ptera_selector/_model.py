"""The tree that a selector parses to: immutable values, equal when they mean the same."""

import enum
from dataclasses import dataclass

from ptera_selector._slots import filled_directly


class Role(enum.Enum):
    """What a capture is to its selector; the value is the mark that is written for it.

    Examples:
        >>> Role("!")
        <Role.FOCUS: '!'>
    """

    PLAIN = ""
    FOCUS = "!"
    TARGET = "!!"


class Relation(enum.Enum):
    """Where a nested pattern is looked for.

    `CHILD` is an activation that this one calls directly, `DESCENDANT` one at any depth below.
    `WITHIN` is this activation itself or any below it: the relation of a bare variable (`f >> x`).
    Its call is a wildcard that asks for this variable alone.

    Examples:
        >>> Relation(">>")
        <Relation.DESCENDANT: '>>'>
    """

    CHILD = ">"
    DESCENDANT = ">>"
    WITHIN = "within"


@filled_directly
@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """What `:C` asks for: all of the named tags and types.

    Args:
        names: The names, dotted where they were written so; `@C`, which must be a tag, keeps its
            `@`.

    Examples:
        >>> Category(("A", "B")) == Category(("B", "A"))
        True
    """

    names: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Category):
            return NotImplemented
        return frozenset(self.names) == frozenset(other.names)

    def __hash__(self) -> int:
        return hash(frozenset(self.names))


@filled_directly
@dataclass(frozen=True, slots=True, eq=False)
class Equals:
    """A test that a value equals a literal: an int, float, str, bool or None.

    `1` and `1.0` are the same test, `1` and `True` are not.

    Examples:
        >>> Equals(1) == Equals(1.0), Equals(1) == Equals(True)
        (True, False)
    """

    value: object

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Equals):
            return NotImplemented
        same_kind = isinstance(self.value, bool) == isinstance(other.value, bool)
        return same_kind and self.value == other.value

    def __hash__(self) -> int:
        return hash((isinstance(self.value, bool), self.value))


@filled_directly
@dataclass(frozen=True, slots=True)
class Predicate:
    """A test that a function, found by its name where the selector is used, is true of a value.

    Examples:
        >>> Predicate("math.isfinite").name
        'math.isfinite'
    """

    name: str


@filled_directly
@dataclass(frozen=True, slots=True)
class Capture:
    """A variable whose values the selector reads.

    Args:
        variable: Its name in the function, `self.x` or a point such as `#value` included; None for
            any variable (`$x`).
        name: What it is called in an event.
        category: What its annotation must be, if that matters.
        role: Whether it is the focus (`!`), the target (`!!`) or neither.

    Examples:
        >>> Capture("x", "y", role=Role.FOCUS).name
        'y'
    """

    variable: str | None
    name: str
    category: Category | None = None
    role: Role = Role.PLAIN


@filled_directly
@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a variable, which captures nothing.

    Args:
        variable: Its name; None for any one (`:C`, `*`), and then there is no test.
        category: What its annotation must be, if that matters.
        test: What its value must be.

    Examples:
        >>> Filter("x", test=Equals(1)).test
        Equals(value=1)
    """

    variable: str | None
    category: Category | None = None
    test: Equals | Predicate | None = None


Variable = Capture | Filter


@filled_directly
@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A pattern for an activation. The order of what it asks for is kept, but means nothing.

    Args:
        function: The function's name as written (`f`, `Class.method`, `/pkg.mod/f`); None for any.
        category: What the function's return annotation must be, if that matters.
        variables: What is captured of the activation, and what its variables must be.
        nested: Patterns that must match below it.

    Examples:
        >>> x, y = Capture("x", "x"), Capture("y", "y")
        >>> Call("f", variables=(x, y)) == Call("f", variables=(y, x))
        True
    """

    function: str | None
    category: Category | None = None
    variables: tuple[Variable, ...] = ()
    nested: tuple["Nested", ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Call):
            return NotImplemented
        return (
            self.function == other.function
            and self.category == other.category
            and frozenset(self.variables) == frozenset(other.variables)
            and frozenset(self.nested) == frozenset(other.nested)
        )

    def __hash__(self) -> int:
        asked = frozenset(self.variables), frozenset(self.nested)
        return hash((self.function, self.category, asked))


@filled_directly
@dataclass(frozen=True, slots=True)
class Nested:
    """A pattern below another, and how far below.

    Examples:
        >>> Nested(Relation.CHILD, Call("g")).call.function
        'g'
    """

    relation: Relation
    call: Call


@filled_directly
@dataclass(frozen=True, slots=True)
class Selector:
    """A whole query. `str` gives its canonical text, which parses back to an equal tree.

    Args:
        call: The outermost pattern.
        outermost: Whether nothing visible may be above it (a leading `>`).

    Examples:
        >>> str(Selector(Call("f", variables=(Capture("x", "x"),)), outermost=True))
        '> f{x}'
    """

    call: Call
    outermost: bool = False

    def __str__(self) -> str:
        # Here and not above: formatting stands on the tree.
        from ptera_selector._format import text_of

        return text_of(self)
