"""Running an instrumented program, with stand-ins for what it imports from `ptera`."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ._instrument import TRACE, Instrument, imports_ptera
from ._trace import MISSING, Activation, Default, Function, TooLong, Trace


class Traced:
    """Stands in for a decorated function: keys, state, and nothing else."""

    def __init__(self, plain: Callable[..., Any], state: Mapping[str, Any], key: Any) -> None:
        self.plain, self.state, self.key = plain, dict(state), key

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        start = vars(self.plain)["start"]
        return start(True, self.key, self.state, args, kwargs)

    def __getitem__(self, key: Any) -> Traced:
        return Traced(self.plain, self.state, key)

    def new(self, **state: Any) -> Traced:
        return Traced(self.plain, {**self.state, **state}, self.key)


@dataclass(frozen=True)
class Tags:
    """Stands in for `ptera.Tag` and `TagSet`."""

    names: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Tags:
        return Tags(frozenset({name}))

    def __and__(self, other: Tags) -> Tags:
        return Tags(self.names | other.names)


PTERA = {
    "ptera": lambda plain: Traced(plain, {}, MISSING),
    "Recurrence": lambda size: [None] * size,
    "tag": Tags(),
    "default": Default,
}


class Program:
    """An instrumented program; each `run` gives a fresh trace."""

    def __init__(self, source: str, **scope: Any) -> None:
        transformer = Instrument()
        tree = transformer.visit(ast.parse(source))
        tree.body = [s for s in tree.body if not imports_ptera(s)]
        self.trace = Trace()
        self.functions = transformer.functions
        self.scope: dict[str, Any] = {
            **PTERA,
            **scope,
            TRACE: self,
            f"{TRACE}function": self._function,
        }
        exec(compile(ast.fix_missing_locations(tree), "<oracle>", "exec"), self.scope)

    def __getattr__(self, method: str) -> Any:
        """What the program calls goes to the trace of the current run."""
        return getattr(self.trace, method)

    def _function(self, number: int, annotations: Callable[[], Mapping[str, Any]]) -> Any:
        known = self.functions[number]
        function = Function(
            **{f: getattr(known, f) for f in Function.__dataclass_fields__ if f != "annotations"},
            annotations=annotations,
        )

        def wrap(plain: Callable[..., Any]) -> Callable[..., Any]:
            def start(decorated: bool, key: Any, state: Any, args: Any, kwargs: Any) -> Any:
                if self.trace.too_long:
                    return ()  # Nothing is called any more, so that the program soon ends.
                activation: Activation = self.trace.call(function, decorated, key, state)
                return plain(activation, *args, **kwargs)

            @functools.wraps(plain)
            def traced(*args: Any, **kwargs: Any) -> Any:
                return start(False, MISSING, {}, args, kwargs)

            vars(traced)["start"] = start
            return traced

        return wrap

    def run(self, entry: Any, *args: Any, **options: Any) -> tuple[Trace, Any]:
        """The trace of `entry(*args)`, and its result or the exception that left it.

        Raises:
            TooLong: It does more than the option `limit` allows.
        """
        self.trace = trace = Trace(**options)
        try:
            result = entry(*args)
        except Exception as error:
            result = error
        if trace.too_long:
            raise TooLong
        return trace, result
