"""Variables that an object declares rather than a function: a module's parameters.

A plugin says which methods have such variables and how they are found at run time. They
count as declared with a class as their annotation, and are bound when the method is entered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ._deliver import ABSENT, Captured, Node, Root, places, tick

if TYPE_CHECKING:
    from ptera_selector import Capture

    from ._plan import Site

__all__ = ["Declarer", "declarer_of", "register_declarer"]


@dataclass(frozen=True, slots=True)
class Declarer:
    """Tells which methods have variables that their object declares.

    Arguments:
        applies: Tells it of a function, as far as that can be told without an object.
        variables: Gives what the method's object declares: names, values, and the classes
            that count as their annotations.
    """

    applies: Callable[[FunctionType], bool]
    variables: Callable[[Any], Iterable[tuple[str, Any, type]]]


_declarers: list[Declarer] = []


def register_declarer(declarer: Declarer) -> None:
    """Makes a plugin's declarer known."""
    _declarers.append(declarer)


def declarer_of(function: FunctionType) -> Declarer | None:
    """Gives the declarer that applies to a function, or None."""
    return next((d for d in _declarers if d.applies(function)), None)


def _matching(site: "Site", capture: "Capture", owner: object) -> Iterator[tuple[str, Any]]:
    subject, categories = site.subject, site.plan.specs.categories
    declarer = subject.declarer
    for name, value, kind in declarer.variables(owner) if declarer is not None else ():
        if subject.is_of_category(kind, capture.category, categories):
            yield name, value


def declare_in_columns(site: "Site", columns: list[list[Any]], owner: object) -> None:
    """Binds them where a plan with one pattern keeps its columns in locals."""
    for capture, column, generic in site.generic_reads:
        if generic:
            for name, value in _matching(site, capture, owner):
                columns[column].append((value, name))


def declare_in_record(site: "Site", node: Node, owner: object) -> None:
    """Binds them where the activation has a record."""
    for capture, column, _ in site.generic_reads:
        for name, value in _matching(site, capture, owner):
            if site.plan.keeps_all:
                node.values[column].append((tick(), value, name))
            elif site.plan.keeps_order:
                node.values[column] = (tick(), value, name)
            else:
                node.values[column] = (value, name)


def declare_at_focus(
    site: "Site", parent: Root | Node | None, node: Node | None, owner: object
) -> None:
    """Delivers them where they are a live focus."""
    focus = site.plan.specs.focus
    if focus is None or focus.variable is not None:
        return
    for name, value in list(_matching(site, focus, owner)):
        if site.plan.keeps_order:
            if node is not None:
                site.listen(node, value, name)
        else:
            _deliver(site, parent, node, name, value)


def _deliver(
    site: "Site", parent: Root | Node | None, node: Node | None, name: str, value: object
) -> None:
    plan = site.plan
    for place in places(parent, node, site):
        event: dict[str, Captured] = {}
        for spec, above in zip(plan.specs.path, place, strict=False):
            for capture, column, generic in site.plan.reads_of(spec):
                bound: Any = above.values[column] if above.values else ABSENT
                if bound is not ABSENT:
                    kept, known = bound if generic else (bound, str(capture.variable))
                    event[capture.name] = Captured(capture.name, [known], [kept])
        focus = plan.specs.focus
        assert focus is not None
        event[focus.name] = Captured(focus.name, [name], [value])
        site.announce(place[0].root, event)
