"""Rewriting of one function's syntax tree: tree and weave in, tree out, nothing else touched."""

from ._weave import Weave, Weaves

__all__ = ["Weave", "Weaves"]
