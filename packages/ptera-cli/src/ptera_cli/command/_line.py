"""The command line of `ptera` itself: its own options first, `--`, then the script's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ptera_selector import Selector, SelectorSyntaxError, parse

from .._errors import UsageError, syntax_reason
from .._spec import OptionSpec
from .._tokens import Scanner
from ._script import Script

__all__ = [
    "HELP_SPEC",
    "Line",
    "NoScriptError",
    "SelectorError",
    "parsed_selectors",
    "read_line",
    "script_of",
]

_GROUP = "Options"

HELP_SPEC = OptionSpec("help", bool, ("--help", "-h"), help="Show this and stop.", group=_GROUP)


class SelectorError(UsageError):
    """A selector on the command line is malformed.

    Arguments:
        text: The selector.
        reason: What is wrong with it, in one line.

    Examples:
        >>> print(SelectorError("f >", "expected a variable"))
        `f >`: expected a variable.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"`{self.text}`: {self.reason}."


class NoScriptError(UsageError):
    """The command line names nothing to run.

    Arguments:
        command: The command.

    Examples:
        >>> print(NoScriptError("probe"))
        `ptera probe` needs a script: end with `-- script.py` or `-- -m module`.
    """

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.command = command

    def __str__(self) -> str:
        return f"`ptera {self.command}` needs a script: end with `-- script.py` or `-- -m module`."


@dataclass(frozen=True, slots=True)
class Line:
    """A command line of `ptera`, taken apart.

    Arguments:
        options: The words of each option, by its name; a flag that stands there has one word.
        script: What to run, None where nothing was named.
    """

    options: Mapping[str, Sequence[str]]
    script: Script | None

    def words(self, name: str) -> Sequence[str]:
        """Gives the words of an option, none where it does not stand there."""
        return self.options.get(name, ())

    def last(self, name: str) -> str | None:
        """Gives the last word of an option, None where it does not stand there."""
        words = self.words(name)
        return words[-1] if words else None

    def needed_script(self, command: str) -> Script:
        """Gives what to run.

        Raises:
            NoScriptError: Nothing was named.
        """
        if self.script is None:
            raise NoScriptError(command)
        return self.script


def read_line(argv: Sequence[str], specs: Sequence[OptionSpec]) -> Line:
    """Takes a command line of `ptera` apart.

    Arguments:
        argv: The arguments after the command.
        specs: The options of the command.

    Raises:
        UsageError: They do not fit.

    Examples:
        >>> line = read_line(["--help", "--", "run.py", "--fast"], [HELP_SPEC])
        >>> line.script.target, line.script.arguments
        ('run.py', ('--fast',))
    """
    own, after = _split(argv)
    options: dict[str, list[str]] = {}
    for occurrence in Scanner(specs).scan(own):
        options.setdefault(occurrence.name, []).extend(occurrence.words)
    return Line(options, script_of(after))


def _split(argv: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" not in argv:
        return argv, ()
    at = list(argv).index("--")
    return argv[:at], argv[at + 1 :]


def script_of(words: Sequence[str]) -> Script | None:
    """Gives the script that words name as they would after `python`.

    Examples:
        >>> script_of(["-m", "pkg", "-v"])
        Script(target='pkg', arguments=('-v',), is_module=True)
    """
    if not words:
        return None
    if words[0] == "-m" and len(words) > 1:
        return Script(words[1], tuple(words[2:]), True)
    return Script(words[0], tuple(words[1:]))


def parsed_selectors(texts: Sequence[str]) -> list[Selector]:
    """Parses selectors.

    Raises:
        SelectorError: One is malformed.
    """
    return [_parsed(text) for text in texts]


def _parsed(text: str) -> Selector:
    try:
        return parse(text)
    except SelectorSyntaxError as error:
        raise SelectorError(text, syntax_reason(error)) from None
