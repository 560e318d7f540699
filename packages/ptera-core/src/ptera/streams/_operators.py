"""All operators by name: those made here, and reactivex's own."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import _display, _entries, _pairs, _reductions
from ._reactive import Operator, reactive
from ._stream import affix, group_wrap

__all__ = ["NAMES", "operator"]

_OWN: Final[Mapping[str, Callable[..., Operator]]] = {
    name: getattr(room, name)
    for room, names in (
        (_reductions, _reductions.__all__),
        (_entries, _entries.__all__),
        (_pairs, ["wmap"]),
        (_display, ["tag"]),
    )
    for name in names
} | {"affix": affix, "group_wrap": group_wrap, "mean": _reductions.average}

_RENAMED: Final[Mapping[str, str]] = {
    "getattr": "pluck_attr",
    "norepeat": "distinct_until_changed",
    "throttle": "throttle_first",
}

_REACTIVE: Final = frozenset(
    """
    all amb as_observable buffer buffer_toggle buffer_when buffer_with_count buffer_with_time
    buffer_with_time_or_count catch combine_latest concat contains debounce default_if_empty
    delay delay_subscription delay_with_mapper dematerialize distinct distinct_until_changed do
    do_action do_while element_at element_at_or_default exclusive expand filter filter_indexed
    finally_action find find_index first first_or_default flat_map flat_map_indexed
    flat_map_latest fork_join group_by group_by_until group_join ignore_elements is_empty join
    last last_or_default map map_indexed materialize merge merge_all multicast observe_on
    on_error_resume_next pairwise partition partition_indexed pluck pluck_attr publish
    publish_value reduce ref_count repeat replay retry sample scan sequence_equal share single
    single_or_default single_or_default_async skip skip_last skip_last_with_time skip_until
    skip_until_with_time skip_while skip_while_indexed skip_with_time slice some starmap
    starmap_indexed start_with subscribe_on switch_latest take take_last take_last_buffer
    take_last_with_time take_until take_until_with_time take_while take_while_indexed
    take_with_time throttle_first throttle_with_mapper throttle_with_timeout time_interval
    timeout timeout_with_mapper timestamp to_dict to_future to_iterable to_list to_marbles
    to_set while_do window window_toggle window_when window_with_count window_with_time
    window_with_time_or_count with_latest_from zip zip_with_iterable zip_with_list
    """.split()
)

NAMES: Final = frozenset({*_REACTIVE, *_RENAMED, *_OWN})
"""The operators that a stream has as methods."""


def operator(name: str) -> Callable[..., Operator]:
    """Gives the function that makes the operators of that name.

    Arguments:
        name: One of `NAMES`.

    Raises:
        InstallationError: reactivex is not installed.
    """
    if name in _OWN:
        return _OWN[name]
    found: Callable[..., Operator] = getattr(
        reactive("reactivex.operators"), _RENAMED.get(name, name)
    )
    return found


def __getattr__(name: str) -> Any:
    # So that this module can stand for all of them: `op.map(f)` as well as `op.kmap(f)`.
    if name in NAMES:
        return operator(name)
    raise AttributeError(f"there is no operator `{name}`")


def __dir__() -> list[str]:
    return sorted(NAMES)
