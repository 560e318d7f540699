"""The running side: activations, what they captured, and the roots that events go to.

Generated code (`_weaves`) calls what stands here, so each line counts.
"""

import contextvars
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ptera_selector import Relation

from ._errors import CaptureError

if TYPE_CHECKING:
    from ._plan import Site, Slot
    from ._subject import Subject

__all__ = ["ABSENT", "Captured", "Node", "Root", "close_node", "open_node", "places", "tick"]


class _Absent:
    """Stands where a variable has no value yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
tick: Final = itertools.count().__next__
"""Numbers the bindings of the process, so that their order can be told afterwards."""


class Captured:
    """The values that one capture has in one event, with the variables' real names.

    Arguments:
        capture: The capture's name in the selector.
        names: The variable's name, for each value.
        values: The values, in the order in which they were bound.

    Examples:
        >>> Captured("v", ["x"], [3]).value
        3
    """

    __slots__ = ("capture", "names", "values")

    def __init__(self, capture: str, names: list[str], values: list[Any]) -> None:
        self.capture = capture
        self.names = names
        self.values = values

    @property
    def value(self) -> Any:
        """The one value; `CaptureError` if there are several, or none."""
        return self._only(self.values)

    @property
    def name(self) -> str:
        """The name of the variable that holds the one value."""
        different = list(dict.fromkeys(self.names))
        return str(different[0]) if len(different) == 1 else str(self._only(self.names))

    def _only(self, items: Sequence[Any]) -> Any:
        if len(items) != 1:
            raise CaptureError(self.capture, len(items))
        return items[0]

    def __repr__(self) -> str:
        return f"Captured({self.capture!r}, {self.names!r}, {self.values!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Captured):
            return NotImplemented
        return (self.names, self.values) == (other.names, other.values)

    __hash__ = None  # type: ignore[assignment]  # its lists change


def visible(names: Any) -> Any:
    """Takes generated names out of what `locals()`, `vars()` or `dir()` returned."""
    remove: Any = names.pop if hasattr(names, "keys") else names.remove
    for name in [name for name in names if is_generated(name)]:
        remove(name)
    return names


def is_generated(name: object) -> bool:
    """Tells generated names from a program's, and from the `.0` of a comprehension."""
    return isinstance(name, str) and (
        name.startswith("ptera.") or (name.startswith(".") and not name[1:].isdigit())
    )


def note_selector(error: BaseException, root: "Root") -> None:
    """Adds to an exception of a handler which selector it was handling."""
    if root is _ENDED:
        return  # The handler has ended its own overlay.
    note = f"while handling the selector `{root.slot.plan.specs.selector}`"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def nothing(*_: object, **__: object) -> None:
    """Takes the events of an overlay that has ended."""


class Root:
    """One rule of one active overlay: where the events of its selector go.

    It also is what stands above the first visible activation, hence the fields that
    it shares with `Node`.
    """

    __slots__ = (
        "__weakref__",
        "children",
        "closing",
        "counts",
        "emit",
        "fits",
        "live",
        "parent",
        "priority",
        "root",
        "serial",
        "site",
        "slot",
        "value",
        "values",
    )

    def __init__(
        self,
        slot: "Slot",
        emit: Callable[..., object],
        value: object = None,
        priority: float = 2,
        serial: int = 0,
    ) -> None:
        self.slot = slot
        self.emit = emit
        self.value = value
        self.priority = priority
        self.serial = serial
        self.closing: Callable[[Subject], None] | None = None
        self.live = True
        self.root: Root = self
        self.parent: Root | Node | None = None
        self.site: Site | None = None
        self.fits: tuple[bool, ...] = ()
        self.counts: dict[str, int] | None = None
        self.children: list[Node] | None = None
        self.values: list[Any] = []

    def end(self) -> None:
        """Makes the root inert, also in frames that still hold it."""
        self.live = False
        self.emit = nothing
        self.closing = None
        # A root that stood for itself would be garbage that only the collector finds.
        self.root = _ENDED


_nowhere: Any = None
_ENDED: Final = Root(_nowhere, nothing)
"""Where frames that still run look for a root that has ended."""
_ENDED.live = False


class Node:
    """A visible activation, as far as one plan needs to know it.

    Nodes of one tree refer to each other both ways until the topmost is closed: then the
    tree is taken apart, so that what was captured is freed at once, not by the collector.

    Arguments:
        parent: The nearest visible activation around it, or the root.
        site: What the plan does in this function.
        values: One column per variable that is kept: its bindings (complete mode), or
            the latest (live mode).
    """

    __slots__ = (
        "back",
        "children",
        "counts",
        "error",
        "fits",
        "is_open",
        "key",
        "parent",
        "root",
        "site",
        "values",
    )

    def __init__(self, parent: "Root | Node", site: "Site", values: list[Any]) -> None:
        self.parent = parent
        self.back: Root | Node | None = parent
        self.root: Root = parent.root
        self.site = site
        self.fits = site.fits
        self.values = values
        self.children: list[Node] | None = None
        self.counts: dict[str, int] | None = None
        self.key: object = None
        self.error = False
        self.is_open = True


Place = tuple["Node | Root", ...]


def current(slot: "Slot") -> Root | Node | None:
    """Gives the nearest visible activation, for an overlay of the whole process.

    A context may still hold an activation of an earlier overlay in the same slot.
    """
    here = slot.variable.get(slot.root)
    if here is not None and not here.root.live:
        return slot.root
    return here


def open_node(parent: Root | Node, site: "Site", key: object = ABSENT) -> Node | None:
    """Enters an activation: makes its record the nearest visible one."""
    if not parent.root.live:
        return None
    node = Node(parent, site, site.fresh())
    if site.keyed:
        number = _count(parent, site.name)
        node.key = number if key is ABSENT else key
        if site.key_column >= 0:
            site.put(node, site.key_column, node.key)
    if site.attaches and parent.parent is not None:
        _attach(parent, node)
    here = site.variable.get(None)
    node.back = site.slot.root if here is None else here
    site.variable.set(node)
    return node


def _attach(parent: Root | Node, node: Node) -> None:
    if parent.children is None:
        parent.children = [node]
    else:
        parent.children.append(node)


def _count(parent: Root | Node, name: str) -> int:
    """Counts one more call of functions of that name by `parent`."""
    counts = parent.counts
    if counts is None:
        counts = parent.counts = {}
    number = counts.get(name, 0)
    counts[name] = number + 1
    return number


def ordinal(parent: Root | Node, name: str, key: object = ABSENT) -> object:
    """Gives the key of an activation that needs no record of its own."""
    number = _count(parent, name)
    return number if key is ABSENT else key


def element_node(parent: Node, site: "Site", key: object, value: object) -> Node:
    """Records `h[k] = v`: an activation named `h` with a key and a value."""
    node = begin_element(parent, site, key)
    if site.value_column >= 0:
        site.put(node, site.value_column, value)
    if site.completes and node.root.live:
        site.complete(node)
    return node


def begin_element(parent: Node, site: "Site", key: object) -> Node:
    """Records an element that has its key, and no value yet."""
    node = Node(parent, site, site.fresh())
    node.key = key
    node.is_open = False
    if site.key_column >= 0:
        site.put(node, site.key_column, key)
    if site.attaches:
        _attach(parent, node)
    return node


def close_node(node: Node) -> None:
    """Leaves an activation: the one around it is the nearest visible one again."""
    variable = node.site.variable
    if variable.get(None) is node:
        variable.set(node.back)
    node.is_open = False
    try:
        if node.site.completes and node.root.live:
            node.site.complete(node)
    finally:
        if node.children is not None and isinstance(node.parent, Root):
            _take_apart(node)


def _take_apart(top: Node) -> None:
    """Breaks the cycles of a tree, unless an activation in it (a generator's, say) goes on."""
    found = [top]
    for node in found:
        if node.is_open:
            return
        if node.children is not None:
            found.extend(node.children)
    for node in found:
        node.children = None


def places(parent: Root | Node | None, own: Node | None, site: "Site") -> tuple[Place, ...]:
    """Gives the ways to place the patterns above a live focus, the nearest outer first.

    Arguments:
        parent: The nearest visible activation around the focus's.
        own: The record of the focus's own activation, if it has one.
        site: What the plan does in the focus's function.

    Returns:
        For each way, one activation for each pattern above the focus's (the root alone
        if there is none above).
    """
    if parent is None or not parent.root.live:
        return ()
    if site.outer_child >= 0:
        if parent.parent is not None and parent.fits[site.outer_child]:
            return ((parent,),)
        return ()
    path = site.plan.specs.path
    found = tuple(_above(site, len(path) - 1, parent, own))
    return found if len(path) > 1 else tuple((parent.root,) for _ in found)


def only_place(parent: Root | Node | None, site: "Site") -> Node | None:
    """Gives the activation that stands for the one pattern above a live focus, if it fits."""
    if isinstance(parent, Node) and parent.fits[site.outer_child] and parent.root.live:
        return parent
    return None


def _above(site: "Site", at: int, parent: Root | Node, own: Node | None) -> Iterator[Place]:
    specs = site.plan.specs
    spec = specs.path[at]
    if at == 0:
        if parent.parent is None or not specs.selector.outermost:
            yield ()
        return
    outer = specs.path[at - 1].index
    for candidate in _candidates(spec.relation, parent, own):
        if candidate.fits[outer]:
            for above in _above(site, at - 1, candidate.parent, candidate):
                yield (*above, candidate)


def _candidates(relation: Relation, parent: Root | Node, own: Node | None) -> Iterator[Node]:
    if relation is Relation.WITHIN and own is not None:
        yield own
    here = parent
    while isinstance(here, Node):
        yield here
        if relation is Relation.CHILD:
            return
        here = here.parent


Variable = contextvars.ContextVar["Root | Node | None"]
