"""A brute-force reading of the semantics, independent of the engine.

`Program(source)` instruments a program's text, `run` records the whole trace of
one call, and `complete` and `live` match a selector against that trace, by
enumeration. `replacing` makes the overrides of a `tweak` or a `rewrite`.
"""

from ._match import Event, complete, live, replacing
from ._run import Program
from ._selectors import Example, examples
from ._trace import Activation, Binding, TooLong, Trace

__all__ = [
    "Activation",
    "Binding",
    "Event",
    "Example",
    "Program",
    "TooLong",
    "Trace",
    "complete",
    "examples",
    "live",
    "replacing",
]
