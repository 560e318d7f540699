"""The commands of a program: one function, or a tree of functions by name."""

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from ._errors import UnknownCommandError

__all__ = ["Command", "command_of", "program_name"]

Entry = Callable[..., Any]


class Command(NamedTuple):
    """A function to run, or the commands to choose from.

    Arguments:
        path: The commands that lead here, outermost first.
        entry: The function, None where there are commands below.
        below: The commands below, by name.
        description: What it does.
    """

    path: tuple[str, ...]
    entry: Entry | None
    below: Mapping[str, "Command"]
    description: str

    def choose(self, argv: Sequence[str]) -> tuple["Command", list[str]]:
        """Finds the command that arguments begin with.

        Returns:
            The command, and the arguments after its name. Where an option stands first, the
            commands themselves: the option may ask for help.

        Raises:
            UnknownCommandError: There is no such command.
        """
        rest = list(argv)
        command = self
        while command.below and rest and not rest[0].startswith("-"):
            name = rest.pop(0)
            inner = command.below.get(name) or command.below.get(name.replace("_", "-"))
            if inner is None:
                raise UnknownCommandError(name, command.below)
            command = inner
        return command, rest

    def leaves(self) -> Iterable["Command"]:
        """Gives the commands that are functions."""
        if self.entry is not None:
            yield self
        for command in self.below.values():
            yield from command.leaves()


def command_of(
    entry: object, description: str | None = None, path: tuple[str, ...] = ()
) -> Command:
    """Gives the tree of commands for what an author passes as entry.

    Arguments:
        entry: A function; or functions, which become commands by their names; or a mapping
            of names to functions or further mappings.
        description: What it does; by default what the docstring says.
        path: The commands that lead here.

    Raises:
        TypeError: It is none of these.

    Examples:
        >>> def train(): "Train a model."
        >>> def test(): "Test a model."
        >>> tree = command_of([train, test])
        >>> [(name, below.description) for name, below in tree.below.items()]
        [('train', 'Train a model.'), ('test', 'Test a model.')]
    """
    if callable(entry):
        text = description if description is not None else inspect.getdoc(entry) or ""
        return Command(path, entry, {}, text)
    if isinstance(entry, Mapping):
        named = cast(Mapping[str, object], entry)
    elif isinstance(entry, list | tuple):
        functions = cast(Iterable[object], entry)
        named = {_name(function): function for function in functions}
    else:
        message = f"`entry` must be a function, functions, or a mapping of names to them: {entry!r}"
        raise TypeError(message)
    below = {name: command_of(inner, path=(*path, name)) for name, inner in named.items()}
    return Command(path, None, below, description or "")


def _name(function: object) -> str:
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        raise TypeError(f"`entry` holds something without a name: {function!r}; pass a mapping")
    return name.replace("_", "-")


def program_name() -> str:
    """Gives the name under which the running program was started."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and not sys.argv[0].endswith(f"{os.sep}bin{os.sep}{spec.name}"):
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return os.path.basename(sys.argv[0]) or "python"
