"""Streams: what becomes of a probe's events. Only operators need reactivex."""

from ._source import Sink, Source, Subscription, Values
from ._stream import Stream

__all__ = ["Sink", "Source", "Stream", "Subscription", "Values"]
