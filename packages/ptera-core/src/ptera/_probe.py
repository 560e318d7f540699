"""Probes: streams of what selectors match, for a block or for the whole process."""

import atexit
from collections.abc import Mapping
from typing import Any

from ptera_selector import Selector

from ._feed import outline_of
from ._resolve import caller_scope
from ._taps import ProbeType, Taps
from .streams import Stream, Values

__all__ = ["OverridableProbe", "Probe", "global_probe", "probing"]


class Probe(Stream):
    """A stream of the events of one or several selectors; see `probing`, `global_probe`.

    Arguments:
        selectors: The selectors.
        raw: Whether events hold `Captured` objects (`.name`, `.value`, `.names`,
            `.values`) rather than values.
        probe_type: "immediate": an event at each binding of the focus. "total": when the
            outermost activation returns. None: the first if the selector has a focus.
        env: Where the selectors' names are looked up, instead of the caller's scope.
        within: Functions, classes or modules that `*` may match, beside decorated ones.
        overridable: Whether all sinks see the values before they are overridden.

    Raises:
        ProbeError: The selectors do not go with each other or with `probe_type`.
        UnknownFunctionError: A selector names a function that cannot be found.
        UnknownVariableError: The functions of that name have no such variable.
        OverrideError: With `overridable`: the focus cannot be changed.
    """

    def __init__(
        self,
        *selectors: str | Selector,
        raw: bool = False,
        probe_type: ProbeType = None,
        env: Mapping[str, object] | None = None,
        within: object = None,
        overridable: bool = False,
    ) -> None:
        if not selectors:
            raise TypeError(f"{type(self).__name__}() takes at least one selector argument")
        if probe_type not in ("immediate", "total", None):
            raise TypeError(f"probe_type must be 'immediate', 'total' or None, not {probe_type!r}")
        outlines = [outline_of(selector) for selector in selectors]
        scope = caller_scope(env, within)
        self._taps = Taps(outlines, scope, raw, probe_type, overridable)
        super().__init__(self._taps)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._taps.name}>"

    def values(self) -> Values[Any]:
        """Gives the list of all events, also after the probe has ended.

        It starts with the probe, unless something else was attached first: then with the
        call.

        Examples:
            >>> def area(width):
            ...     height = 2
            ...     return width * height
            >>> with probing("area > height") as probe:
            ...     result = area(3)
            >>> probe.values()
            [{'height': 2}]
        """
        kept = self._taps.claim_kept()
        return super().values() if kept is None else kept

    def activate(self) -> None:
        """Makes the probe active in the whole process, until `deactivate`.

        Raises:
            ProbeError: It has been entered or activated before.
        """
        self._taps.enter(process=True)
        atexit.register(self._taps.leave)

    def deactivate(self) -> None:
        """Ends what `activate` began: reductions give their results now."""
        atexit.unregister(self._taps.leave)
        self._taps.leave()


class OverridableProbe(Probe):
    """A probe all of whose sinks see the values before they are overridden."""

    def __init__(
        self,
        *selectors: str | Selector,
        raw: bool = False,
        probe_type: ProbeType = None,
        env: Mapping[str, object] | None = None,
        within: object = None,
    ) -> None:
        super().__init__(
            *selectors, raw=raw, probe_type=probe_type, env=env, within=within, overridable=True
        )


def probing(
    *selectors: str | Selector,
    raw: bool = False,
    probe_type: ProbeType = None,
    env: Mapping[str, object] | None = None,
    within: object = None,
    overridable: bool = False,
) -> Probe:
    """Gives a probe to be active in a `with` block.

    It sees what the thread or task that entered it does in the block, and the tasks that
    this starts; nobody else. What is made of it (`probing(…).values()`,
    `probing(…)["x"].max()`) can stand in the `with` statement as well.

    Arguments:
        selectors: What to capture; each event has the captures of one selector.
        raw: Whether events hold `Captured` objects (`.name`, `.value`, `.names`,
            `.values`) rather than values.
        probe_type: "immediate": an event at each binding of the focus. "total": when the
            outermost activation returns. None: the first if the selector has a focus.
        env: Where the selectors' names are looked up, instead of the caller's scope.
        within: Functions, classes or modules that `*` may match, beside decorated ones.
        overridable: Whether all sinks see the values before they are overridden;
            `override` works without it too, and then the others see the new values.

    Returns:
        The probe, a stream.

    Raises:
        ProbeError: The selectors do not go with each other or with `probe_type`.
        UnknownFunctionError: A selector names a function that cannot be found.
        UnknownVariableError: The functions of that name have no such variable.

    Examples:
        >>> def area(width):
        ...     height = width + 1
        ...     return width * height
        >>> with probing("area{width} > height") as probe:
        ...     results = probe.values()
        ...     probe["height"].print("the height is {}")
        ...     area(3)
        <Subscription>
        the height is 4
        12
        >>> results
        [{'width': 3, 'height': 4}]
    """
    kind = OverridableProbe if overridable else Probe
    return kind(*selectors, raw=raw, probe_type=probe_type, env=env, within=within)


def global_probe(
    *selectors: str | Selector,
    raw: bool = False,
    probe_type: ProbeType = None,
    env: Mapping[str, object] | None = None,
    within: object = None,
    overridable: bool = False,
) -> Probe:
    """Gives a probe that is active in the whole process, all its threads and tasks.

    It ends with `deactivate()`, or else when the program ends; reductions give their
    results then.

    Arguments:
        selectors: What to capture; the other arguments are those of `probing`.
        raw: See `probing`.
        probe_type: See `probing`.
        env: See `probing`.
        within: See `probing`.
        overridable: See `probing`.

    Returns:
        The probe, a stream.

    Examples:
        >>> def area(width):
        ...     height = width + 1
        ...     return width * height
        >>> probe = global_probe("area > height")
        >>> heights = probe["height"].accum()
        >>> area(3) + area(4)
        32
        >>> probe.deactivate()
        >>> heights
        [4, 5]
    """
    kind = OverridableProbe if overridable else Probe
    probe = kind(*selectors, raw=raw, probe_type=probe_type, env=env, within=within)
    probe.activate()
    return probe
