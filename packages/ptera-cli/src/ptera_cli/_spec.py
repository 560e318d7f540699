"""What an option is: made from the variables that it sets, read by every other room."""

import os
from typing import NamedTuple

__all__ = ["ANY", "INCLUDE", "SET", "Address", "OptionSpec", "Place", "option_key"]

INCLUDE = "include"
"""The key of a file that names further files."""

SET = "set"
"""The table of a file that holds selectors and their values."""

ANY: object = object
"""The type of a variable that says nothing about its values."""


class Place(NamedTuple):
    """Where a variable is declared.

    Arguments:
        function: The function's qualified name.
        file: The path of its file.
        line: The line of the declaration, from 1.

    Examples:
        >>> print(Place("train", "/somewhere/else/train.py", 12))
        `train` (/somewhere/else/train.py:12)
    """

    function: str
    file: str
    line: int

    @property
    def short(self) -> str:
        """The file, from the working directory where it lies below that, and the line."""
        return f"{short_path(self.file)}:{self.line}"

    def __str__(self) -> str:
        return f"`{self.function}` ({self.short})"


def short_path(file: str) -> str:
    """Gives a path from the working directory where it lies below that, else in full."""
    inside = os.getcwd() + os.sep
    return file.removeprefix(inside)


class Address(NamedTuple):
    """One variable of one function, which an option sets.

    Arguments:
        module: The name of the function's module.
        function: The function's qualified name.
        variable: The variable's name.
        place: Where it is declared.
        type: The type of its values, tags taken off.
        default: The source of its default, None where it has none.
        required: Whether the program cannot run unless something sets it.
        parameter: Whether it is a parameter of the function.
        declared: Whether it is declared without a value: the program may set it, or not.
        owner: The function, or the one inside which it is defined.
        is_inner: Whether it is the latter.
    """

    module: str
    function: str
    variable: str
    place: Place
    type: object = ANY
    default: str | None = None
    required: bool = False
    parameter: bool = False
    declared: bool = False
    owner: object = None
    is_inner: bool = False

    @property
    def selector(self) -> str:
        """The selector that means this variable and no other.

        Examples:
            >>> Address("pkg.mod", "Model.forward", "T", Place("Model.forward", "m.py", 3)).selector
            '/pkg.mod/Model/forward > T'
        """
        return f"{self.path if self.outer is None else self.name} > {self.variable}"

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.rpartition(".")[2]

    @property
    def path(self) -> str:
        """The function, as a selector names the definition in its module."""
        return f"/{self.module}/{self.function.replace('.', '/')}"

    @property
    def outer(self) -> str | None:
        """The function in which this one is defined, as a selector names it; None if in none."""
        outer, local, _ = self.function.partition(".<locals>.")
        return f"/{self.module}/{outer.replace('.', '/')}" if local else None


class OptionSpec(NamedTuple):
    """One option of a command line, and of its configuration files.

    Arguments:
        name: Its name in files, with underscores; dots where it belongs to one function.
        type: The type of its values.
        flags: How it is spelled on a command line, the main spelling first.
        negatives: The spellings that set it to False.
        aliases: Spellings that are accepted but not shown.
        positional: Whether its values are given by position.
        help: What the comment beside the variable says.
        default: The source of the default, None where there is none.
        required: Whether the program cannot run unless something sets it.
        metavar: What stands for its value in the help.
        group: The title under which the help shows it.
        addresses: The variables that it sets; none for an option of the command line itself.
        bare: What the flag alone stands for, where a value can only be attached (`--x=v`).
        alone: The names that set just one of several addresses.
    """

    name: str
    type: object = ANY
    flags: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    positional: bool = False
    help: str = ""
    default: str | None = None
    required: bool = False
    metavar: str | None = None
    group: str = ""
    addresses: tuple[Address, ...] = ()
    bare: str | None = None
    alone: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The spelling that messages use."""
        return self.flags[0] if self.flags else self.name.upper()

    @property
    def place(self) -> Place | None:
        """Where it is first declared, None for an option of the command line itself."""
        return self.addresses[0].place if self.addresses else None


def option_key(name: str) -> str:
    """Gives the one spelling under which options are compared.

    Examples:
        >>> option_key("weight-decay")
        'weight_decay'
    """
    return name.replace("-", "_")
