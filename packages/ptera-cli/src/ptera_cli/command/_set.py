"""`ptera set`: a script run with other values of its variables, without a line changed in it."""

import atexit
import sys
from collections.abc import Sequence
from functools import partial

from ptera import PteraError
from ptera_selector import focus, parse, path

from .._errors import SettingError, UsageError
from .._kinds import Rules
from .._program import Reach
from .._settings import setting_value, settings_from_words
from .._sources import Setting
from .._spec import ANY, OptionSpec
from .._workers import Assignment, hold
from ._attached import Attached, working
from ._line import HELP_SPEC, read_line
from ._names import Meaning
from ._script import run

__all__ = ["DESCRIPTION", "SPECS", "set_"]

DESCRIPTION = "Run a script with other values of its variables, as selectors say."

_GROUP = "Options"
SPECS = (
    OptionSpec(
        "settings",
        list[str],
        positional=True,
        help="What to set, such as 'layer[1] > T=10'.",
        metavar="SELECTOR=VALUE",
        group=_GROUP,
        required=True,
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


class NoSettingError(UsageError):
    """`ptera set` was given nothing to set.

    Examples:
        >>> print(NoSettingError())
        `ptera set` needs something to set, such as 'layer > T=10'.
    """

    def __str__(self) -> str:
        return "`ptera set` needs something to set, such as 'layer > T=10'."


def set_(argv: Sequence[str]) -> None:
    """Runs a script with values set by selectors.

    Arguments:
        argv: What to set, `--`, the script and its arguments.

    Raises:
        UsageError: The command line does not fit.
        SystemExit: As the script ends.
    """
    line = read_line(argv, SPECS)
    settings = list(settings_from_words(line.words("settings"), "", 0))
    if not settings:
        raise NoSettingError
    script = line.needed_script("set")
    setter = _Setter(settings, tuple(line.words("within")))
    atexit.register(setter.close)
    run(script, setter.attached.watch)


class _Setter:
    """The settings of one script."""

    def __init__(self, settings: Sequence[Setting], within: tuple[str, ...]) -> None:
        self._settings = settings
        self._within = ("/__main__/*", *(f"/{name}/*" for name in within if name in sys.modules))
        self._selectors = [parse(setting.selector) for setting in settings]
        for setting, selector in zip(settings, self._selectors, strict=True):
            if focus(selector) is None:
                reason = "what is set must end in a variable, such as `layer > T`"
                raise SettingError(setting.value.origin.pointer, reason)
        self._held = hold(len(settings))
        self.attached = Attached(self._selectors, self._attach)

    def _attach(self, at: int, meanings: Sequence[Meaning]) -> None:
        self._held.put(at, working(partial(self._assignment, at, meaning) for meaning in meanings))

    def _assignment(self, at: int, meaning: Meaning) -> Assignment:
        assignment = Assignment(
            selector=self._selectors[at],
            value=self._value(at, meaning),
            subject=self._settings[at].value.origin.pointer,
            names=meaning.names,
            within=self._within,
        )
        assignment.check()
        return assignment

    def _value(self, at: int, meaning: Meaning) -> object:
        try:
            return setting_value(self._settings[at], self._type(at, meaning), Rules())
        except UsageError as error:
            # Not an exception that the script might catch: it is no fault of the script.
            atexit.unregister(self.close)
            print(f"ptera: error: {error}", file=sys.stderr)
            raise SystemExit(2) from None

    def _type(self, at: int, meaning: Meaning) -> object:
        """Gives the declared type of what is set, where the function can be looked at."""
        selector = self._selectors[at]
        capture, function = focus(selector), path(selector)[-1][1].function
        entry = meaning.env.get((function or "").partition(".")[0])
        if capture is None or capture.variable is None or not callable(entry):
            return ANY
        try:
            return Reach(entry).type_of(function, capture.variable)
        except PteraError:
            return ANY

    def close(self) -> None:
        """Ends the settings, and says which were of no use."""
        problems = dict(self.attached.problems())
        for at, (setting, selector) in enumerate(zip(self._settings, self._selectors, strict=True)):
            written = setting.value.origin.pointer
            if selector in problems:
                reason = problems[selector]
                print(f"ptera: warning: `{written}` set nothing: {reason}", file=sys.stderr)
            elif not self._held.was_read(at):
                print(f"ptera: warning: `{written}` was set but never read.", file=sys.stderr)
        self._held.release()
