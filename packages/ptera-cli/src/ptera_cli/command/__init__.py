"""The command `ptera`: look into scripts that nobody edits, and set their variables."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from .._errors import UnknownCommandError, UsageError, ValueRefusedError, closest

__all__ = ["main"]

# Each with the room and the function that does it: only the one that is asked for is loaded.
_COMMANDS = {
    "probe": ("_probe", "probe"),
    "set": ("_set", "set_"),
    "explain": ("_explain", "explain_"),
    "catalogue": ("_catalogue", "catalogue_"),
    "parse": ("_parse", "parse_"),
}

_DESCRIPTION = (
    "Look into Python scripts that nobody edits, and set their variables. What is looked at or "
    "set is a selector, such as 'layer > act'; the script stands after `--`."
)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command `ptera`.

    Arguments:
        argv: The arguments; by default those of this process.

    Raises:
        SystemExit: As the script ends; with status 2 after a mistake in the command line.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        _run(words)
    except UsageError as error:
        print(f"ptera: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _run(words: list[str]) -> None:
    if not words or words[0] in ("--help", "-h"):
        _help(None, 0 if words else 2)
    if words[0] == "--version":
        _version()
    if words[0] == "--completion":
        _completion(words[1:])
    name, *rest = words
    if name not in _COMMANDS:
        raise UnknownCommandError(name, _COMMANDS)
    own = rest[: rest.index("--")] if "--" in rest else rest
    if "--help" in own or "-h" in own:
        _help(name, 0)
    room, function = _COMMANDS[name]
    command: Callable[[Sequence[str]], None] = getattr(
        import_module(f"{__name__}.{room}"), function
    )
    command(rest)


def _version() -> NoReturn:
    from ..__about__ import __version__

    print(f"ptera {__version__}")
    raise SystemExit(0)


def _help(name: str | None, status: int) -> NoReturn:
    from .._cyclopts import print_help
    from ._pages import page, program

    stream = sys.stderr if status else sys.stdout
    print_help(program(_DESCRIPTION, _COMMANDS) if name is None else page(name, _COMMANDS), stream)
    raise SystemExit(status)


def _completion(words: Sequence[str]) -> NoReturn:
    from .._cyclopts import SHELLS, completion_script
    from ._pages import program

    if len(words) != 1 or words[0] not in SHELLS:
        found = words[0] if words else ""
        expected = f"one of {', '.join(SHELLS)}"
        raise ValueRefusedError("--completion", found, expected, closest(found, SHELLS))
    print(completion_script(program(_DESCRIPTION, _COMMANDS), SHELLS[words[0]]))
    raise SystemExit(0)
