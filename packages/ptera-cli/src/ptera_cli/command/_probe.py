"""`ptera probe`: what variables of a script are, without a line changed in it."""

import atexit
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from ptera import Probe, global_probe
from ptera_selector import Selector

from .._errors import UsageError
from .._spec import OptionSpec
from ._attached import Attached, working
from ._line import HELP_SPEC, Line, parsed_selectors, read_line
from ._names import Meaning
from ._outputs import Count, Csv, Event, Json, Live, Output, Plot, Print, Summary
from ._script import run

__all__ = ["DESCRIPTION", "SPECS", "probe"]

DESCRIPTION = "Run a script and show what its variables are, as selectors say."

_GROUP = "Options"
SPECS = (
    OptionSpec(
        "selectors",
        list[str],
        positional=True,
        help="What to look at, such as 'layer(k) > act'.",
        metavar="SELECTOR",
        group=_GROUP,
        required=True,
    ),
    OptionSpec("count", bool, ("--count",), help="Print how many events there were.", group=_GROUP),
    OptionSpec(
        "summary",
        bool,
        ("--summary",),
        help="Print count, mean, min, max and last of every capture.",
        group=_GROUP,
    ),
    OptionSpec(
        "live", bool, ("--live",), help="Show that table while the script runs.", group=_GROUP
    ),
    OptionSpec(
        "csv", str, ("--csv",), help="Write the events as CSV.", metavar="FILE", group=_GROUP
    ),
    OptionSpec(
        "jsonl", str, ("--jsonl",), help="Write the events as JSON.", metavar="FILE", group=_GROUP
    ),
    OptionSpec(
        "plot",
        str,
        ("--plot",),
        help="Draw the numbers over time, as PNG.",
        metavar="FILE",
        group=_GROUP,
    ),
    OptionSpec(
        "map",
        str,
        ("--map",),
        help="Show this instead of the captures: a Python expression of them, which is evaluated.",
        metavar="EXPRESSION",
        group=_GROUP,
    ),
    OptionSpec(
        "within",
        str,
        ("--within",),
        help="A further module or package whose functions `*` and a lone variable mean.",
        metavar="MODULE",
        group=_GROUP,
    ),
    HELP_SPEC,
)


class ExpressionError(UsageError):
    """The expression of `--map` cannot be read, or fails.

    Arguments:
        expression: The expression.
        reason: What is wrong.

    Examples:
        >>> print(ExpressionError("act.(", "invalid syntax"))
        `--map act.(`: invalid syntax.
    """

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(expression, reason)
        self.expression = expression
        self.reason = reason

    def __str__(self) -> str:
        return f"`--map {self.expression}`: {self.reason}."


def probe(argv: Sequence[str]) -> None:
    """Runs a script and shows the events of selectors.

    Arguments:
        argv: The selectors and options, `--`, the script and its arguments.

    Raises:
        UsageError: The command line does not fit.
        SystemExit: As the script ends.
    """
    line = read_line(argv, SPECS)
    selectors = parsed_selectors(line.words("selectors"))
    if not selectors:
        raise NoSelectorError
    script = line.needed_script("probe")
    probing = _Probing(selectors, _outputs(line, selectors), line)
    # Registered before the script can register anything: it is called after all of that.
    atexit.register(probing.close)
    run(script, probing.watch)


class NoSelectorError(UsageError):
    """`ptera probe` was given nothing to look at.

    Examples:
        >>> print(NoSelectorError())
        `ptera probe` needs a selector, such as 'layer > act'.
    """

    def __str__(self) -> str:
        return "`ptera probe` needs a selector, such as 'layer > act'."


def _outputs(line: Line, selectors: Sequence[Selector]) -> list[Output]:
    outputs: list[Output] = []
    if line.words("count"):
        outputs.append(Count([str(selector) for selector in selectors]))
    if line.words("live"):
        outputs.append(Live())
    elif line.words("summary"):
        outputs.append(Summary())
    outputs.extend(Csv(path) for path in line.words("csv"))
    outputs.extend(Json(path) for path in line.words("jsonl"))
    outputs.extend(Plot(path) for path in line.words("plot"))
    return outputs or [Print(several=len(selectors) > 1)]


class _Probing:
    """The probes of one script."""

    def __init__(
        self, selectors: Sequence[Selector], outputs: Sequence[Output], line: Line
    ) -> None:
        self._selectors = selectors
        self._outputs = outputs
        self._within = tuple(line.words("within"))
        self._probes: list[list[Probe]] = [[] for _ in selectors]
        self._attached = Attached(selectors, self._attach)
        self._main: ModuleType | None = None
        self._map = _mapping(line.last("map"), self._names)

    def watch(self, main: ModuleType) -> Callable[[], None]:
        """Begins with a script that is about to run."""
        self._main = main
        return self._attached.watch(main)

    def _names(self) -> Mapping[str, object]:
        return {} if self._main is None else vars(self._main)

    def _attach(self, at: int, meanings: Sequence[Meaning]) -> None:
        selector = self._selectors[at]
        started = working(partial(self._probe, selector, meaning) for meaning in meanings)
        for old in self._probes[at]:
            old.deactivate()
        self._probes[at] = started

    def _probe(self, selector: Selector, meaning: Meaning) -> Probe:
        modules = (sys.modules.get(name) for name in self._within)
        within = [self._main, *(module for module in modules if module is not None)]
        probe = global_probe(selector, env=meaning.env, within=within)
        text = str(selector)

        def deliver(event: Any) -> None:
            mapped = self._map(event)
            for output in self._outputs:
                output.event(text, mapped)

        probe.subscribe(deliver)
        return probe

    def close(self) -> None:
        """Ends the outputs, and says which selectors meant nothing."""
        for probes in self._probes:
            for probe in probes:
                probe.deactivate()
        for output in self._outputs:
            output.close()
        for selector, reason in self._attached.problems():
            print(f"ptera: warning: `{selector}` matched nothing: {reason}", file=sys.stderr)


def _mapping(
    expression: str | None, names: Callable[[], Mapping[str, object]]
) -> Callable[[Event], Event]:
    """Gives what an event is shown as: itself, or the value of the user's own expression."""
    if expression is None:
        return lambda event: event
    try:
        code: CodeType = compile(expression.strip(), "<--map>", "eval")
    except SyntaxError as error:
        raise ExpressionError(expression, error.msg) from None
    print(f"ptera: evaluating `{expression}` at each event", file=sys.stderr)

    def mapped(event: Event) -> Event:
        try:
            return {expression: eval(code, {**names(), **event})}
        except Exception as error:
            # Not an exception that the script might catch: it is no fault of the script.
            reason = f"{type(error).__name__}: {error}"
            print(f"ptera: error: {ExpressionError(expression, reason)}", file=sys.stderr)
            raise SystemExit(2) from None

    return mapped
