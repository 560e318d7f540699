"""Probes, under the name that Ptera 1 had for their module."""

from ._probe import OverridableProbe, Probe, global_probe, probing

__all__ = ["OverridableProbe", "Probe", "global_probe", "probing"]
