"""Streams: what becomes of a probe's events. Only operators need reactivex."""

from . import _operators as op
from ._source import Sink, Source, Subscription, Values
from ._stream import Stream

__all__ = ["Sink", "Source", "Stream", "Subscription", "Values", "op"]
