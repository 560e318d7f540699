"""A tree drawn with lines."""

from collections.abc import Iterator

from ptera_selector._format import head_text, key_of, variable_text
from ptera_selector._model import Call, Nested, Relation, Selector, Variable


def draw(selector: Selector) -> str:
    """Draw a tree: below each call, in written order, what it asks for.

    Args:
        selector: The tree.

    Returns:
        Lines; `!` marks the focus and `!!` the target, `>` and `>>` say how far below a call is.

    Examples:
        >>> from ptera_selector import parse
        >>> print(draw(parse("f{x, g{y}} >> z")))
        f
        ├── x
        ├── > g
        │   └── y
        └── >> !z
    """
    sign = "> " if selector.outermost else ""
    return "\n".join([f"{sign}{head_text(selector.call)}", *_below(selector.call)])


def _below(call: Call) -> Iterator[str]:
    key = key_of(call)
    variables = [variable for variable in call.variables if variable is not key]
    parts: list[Variable | Nested] = [*variables, *call.nested]
    for part in parts:
        is_last = part is parts[-1]
        yield ("└── " if is_last else "├── ") + _label(part)
        if isinstance(part, Nested) and part.relation is not Relation.WITHIN:
            indent = "    " if is_last else "│   "
            yield from (indent + line for line in _below(part.call))


def _label(part: Variable | Nested) -> str:
    if not isinstance(part, Nested):
        return variable_text(part)
    if part.relation is Relation.WITHIN:
        return f">> {variable_text(part.call.variables[0])}"
    return f"{part.relation.value} {head_text(part.call)}"
