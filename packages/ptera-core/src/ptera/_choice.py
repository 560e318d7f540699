"""Which kind of weave a plan needs in a function."""

from ._live import LiveWeave
from ._overrides import OverrideWeave, SideOverrideWeave
from ._plan import Mode, Site
from ._weaves import NodeWeave, SimpleWeave, SlotWeave, Tools

__all__ = ["weave_for"]


def weave_for(site: Site, tools: Tools) -> SlotWeave:
    """Gives the weave that does what a plan asks in one function."""
    plan = site.plan
    if site.is_hook:
        return SlotWeave(site, tools)
    if plan.mode is Mode.OVERRIDE:
        return (SideOverrideWeave if plan.keeps_order else OverrideWeave)(site, tools)
    if plan.keeps_all and plan.is_simple:
        return SimpleWeave(site, tools)
    return (NodeWeave if plan.keeps_order else LiveWeave)(site, tools)
