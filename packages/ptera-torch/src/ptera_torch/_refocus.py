"""The same selector with its focus elsewhere."""

from dataclasses import replace

from ptera_selector import Call, Capture, Filter, Role, Selector

__all__ = ["refocused"]


def refocused(selector: Selector, name: str) -> Selector:
    """Gives the selector with the capture of that name as its focus, and no target.

    Examples:
        >>> from ptera_selector import parse
        >>> str(refocused(parse("step{!!loss} >> h[1] as h"), "loss"))
        'step{>> h[1] as h} > loss'
    """
    return replace(selector, call=_refocused(selector.call, name))


def _refocused(call: Call, name: str) -> Call:
    variables = tuple(_with_role(variable, name) for variable in call.variables)
    nested = tuple(replace(below, call=_refocused(below.call, name)) for below in call.nested)
    return replace(call, variables=variables, nested=nested)


def _with_role(variable: Capture | Filter, name: str) -> Capture | Filter:
    if isinstance(variable, Filter):
        return variable
    return replace(variable, role=Role.FOCUS if variable.name == name else Role.PLAIN)
