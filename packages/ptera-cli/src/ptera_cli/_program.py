"""What a command line asks of a program: its options, and the value of every variable."""

import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ptera import PteraError, Tag, TagSet

from ._builtin import CONFIG, HELP, SET_OPTION, builtin_options
from ._commands import Command, Entry
from ._errors import SettingError, UnknownCommandError
from ._kinds import Rules
from ._options import options_of, type_of
from ._settings import Applied, applied_settings, settings_from_words
from ._sources import Names, Source, environment, environment_name, from_command_line, from_file
from ._spec import ANY, Address, OptionSpec
from ._tokens import Occurrence, Scanner
from ._values import Chosen, Given, chosen_values, given_values

if TYPE_CHECKING:
    from ptera import FunctionEntry

__all__ = ["Outcome", "Program", "Reach", "Request", "is_of"]

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Request(NamedTuple):
    """A command line taken apart.

    Arguments:
        command: The command.
        specs: The options of its variables.
        builtin: The options that every command line has.
        occurrences: What stands on the command line, by the option's name.
    """

    command: Command
    specs: tuple[OptionSpec, ...]
    builtin: tuple[OptionSpec, ...]
    occurrences: Sequence[Occurrence]

    def words(self, name: str) -> list[str]:
        """Gives the words of an option that every command line has."""
        return [word for one in self.occurrences if one.name == name for word in one.words]

    def flag(self, name: str) -> str:
        """Gives the spelling of an option that every command line has."""
        return next(spec.flag for spec in self.builtin if spec.name == name)


class Outcome(NamedTuple):
    """What the layers came to.

    Arguments:
        given: The options that got a value, by name.
        chosen: What each variable gets.
        settings: What is set by selectors.
    """

    given: Mapping[str, Given]
    chosen: Sequence[Chosen]
    settings: Sequence[Applied]


class Program(NamedTuple):
    """A program seen from its command line.

    Arguments:
        commands: What can be run.
        tag: The tag of the variables that are options.
        rules: What values may be.
        prefix: How environment variables begin, None where none is read.
        config: Configuration files that are read where they exist.
        args: Arguments that the author passes to the entry.
    """

    commands: Command
    tag: Tag | TagSet
    rules: Rules
    prefix: str | None
    config: Sequence[str]
    args: Sequence[object]

    def specs(self, command: Command) -> tuple[OptionSpec, ...]:
        """Gives the options of a command's variables."""
        if command.entry is None:
            return ()
        from ptera import catalogue

        specs = options_of(catalogue(command.entry, self.tag))
        needs = _Needs(command.entry, _open_parameters(command.entry, self.args))
        return tuple(needs.told(spec) for spec in specs)

    def builtin(self, specs: Sequence[OptionSpec]) -> tuple[OptionSpec, ...]:
        """Gives the options that every command line has, beside those of variables."""
        return builtin_options(flag for spec in specs for flag in (*spec.flags, *spec.negatives))

    def request(self, argv: Sequence[str]) -> Request:
        """Takes a command line apart.

        Raises:
            UsageError: It does not fit the program's options.
        """
        command, rest = self.commands.choose(argv)
        specs = self.specs(command)
        builtin = self.builtin(specs)
        scanner = Scanner((*specs, *builtin), CONFIG)
        return Request(command, specs, builtin, scanner.scan(rest))

    def help_request(self, argv: Sequence[str]) -> Request | None:
        """Gives the request for help that a wrong command line holds, if it holds one."""
        words = list(argv)[: argv.index("--") if "--" in argv else None]
        command = self.commands
        for word in words:
            if word not in command.below:
                break
            command = command.below[word]
        specs = self.specs(command)
        builtin = self.builtin(specs)
        asking = next(spec for spec in builtin if spec.name == HELP)
        if not set(asking.flags) & set(words):
            return None
        return Request(command, specs, builtin, [Occurrence(HELP, HELP, ("true",))])

    def outcome(self, request: Request) -> Outcome:
        """Finds the value of every variable.

        Raises:
            UsageError: A value does not fit, a key is unknown, a file is missing.
        """
        entry = request.command.entry
        if entry is None:
            raise UnknownCommandError(None, request.command.below)
        sources = self._sources(request)
        given = given_values(request.specs, sources, self.rules)
        chosen = chosen_values(request.specs, given)
        settings = [setting for source in sources for setting in source.settings]
        applied: Sequence[Applied] = ()
        if settings:
            reach = Reach(entry)
            applied = applied_settings(settings, reach.type_of, self.rules)
            for one in applied:
                reach.check(one)
        return Outcome(given, chosen, applied)

    def _sources(self, request: Request) -> list[Source]:
        """Gives the layers, the lowest first; a source's rank is its place among them."""
        sources = self._files(request)
        if self.prefix is not None:
            variables = environment(request.specs, self.prefix, os.environ, len(sources))
            sources.append(variables)
        rank = len(sources)
        by_name = {spec.name: spec for spec in request.specs}
        mine = [one for one in request.occurrences if one.name in by_name]
        spoken = from_command_line(mine, by_name, rank)
        words = request.words(SET_OPTION)
        settings = tuple(settings_from_words(words, request.flag(SET_OPTION), rank))
        return [*sources, spoken._replace(settings=settings)]

    def _files(self, request: Request) -> list[Source]:
        paths = [*self._standing_files(), *request.words(CONFIG)]
        if not paths:
            return []
        # Here and not above: a run without files need not wait for what reads them.
        from ._config import load

        names = _names(self, request)
        files = [file for path in paths for file in load(path)]
        return [from_file(file, names, rank) for rank, file in enumerate(files)]

    def _standing_files(self) -> list[str]:
        """Gives the files that are read without being named on the command line."""
        files = [path for path in self.config if os.path.exists(path)]
        if self.prefix is not None:
            named = os.environ.get(environment_name(self.prefix, "config"))
            files.extend([named] if named else [])
        return files


def _names(program: Program, request: Request) -> Names:
    """Gives the names that files may use: those of this command, and of the others."""
    specs = {spec.name: spec for spec in request.specs}
    for spec in request.specs:
        for alias in spec.aliases:
            specs.setdefault(alias.removeprefix("--").replace("-", "_"), spec)
    others = (c for c in program.commands.leaves() if c is not request.command)
    return Names(specs, frozenset(spec.name for other in others for spec in program.specs(other)))


def _open_parameters(entry: Entry, args: Sequence[object]) -> frozenset[str]:
    """Gives the parameters of the entry that have no default and get no argument."""
    try:
        signature = inspect.signature(entry)
        bound = signature.bind_partial(*args).arguments
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in _VARIADIC
        and name not in bound
    )


class _Needs(NamedTuple):
    """What the entry cannot run without.

    Of other functions it is not known before they run: the program may set their declared
    variables itself.
    """

    entry: Entry
    open_parameters: frozenset[str]

    def told(self, spec: OptionSpec) -> OptionSpec:
        """Gives an option that says whether it is required."""
        addresses = tuple(
            address._replace(required=is_of(address, self.entry) and self._is_open(address))
            for address in spec.addresses
        )
        required = any(address.required for address in addresses)
        return spec._replace(addresses=addresses, required=required)

    def _is_open(self, address: Address) -> bool:
        if address.parameter:
            return address.variable in self.open_parameters
        return address.declared and not _has_state(self.entry, address.variable)


def _has_state(entry: Entry, variable: str) -> bool:
    """Tells whether the state of a Ptera object gives a variable a value."""
    try:
        return hasattr(getattr(entry, "state", None), variable)
    except PteraError:
        return False


def is_of(address: Address, entry: Entry) -> bool:
    """Tells whether a variable is one of the entry's own."""
    return (address.module, address.function) == (
        getattr(entry, "__module__", None),
        getattr(entry, "__qualname__", None),
    )


class Reach:
    """The functions that an entry reaches, for selectors to name.

    Arguments:
        entry: The entry.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    @cached_property
    def _functions(self) -> "list[FunctionEntry]":
        from ptera import catalogue

        return list(catalogue(self._entry))

    @cached_property
    def modules(self) -> dict[str, str]:
        """The names that selectors may use, each with the module that has it."""
        own = str(getattr(self._entry, "__module__", "__main__"))
        names = {name: own for name in vars(sys.modules[own])} if own in sys.modules else {}
        for function in self._functions:
            names.setdefault(function.qualname.partition(".")[0], function.module)
        return names

    @cached_property
    def env(self) -> dict[str, Any]:
        """What the names that selectors may use stand for in this process."""
        env: dict[str, Any] = {entry.name: entry.owner for entry in self._functions}
        for name, module in self.modules.items():
            if hasattr(sys.modules.get(module), name):
                env[name] = getattr(sys.modules[module], name)
        return env

    def type_of(self, function: str | None, variable: str) -> object:
        """Gives the type of a variable, where its declarations agree on one."""
        found = [
            type_of(entry)
            for owner in self._functions
            if function is None or _is_called(owner, function)
            for entry in owner.variables
            if entry.name == variable
        ]
        types_ = [type_ for type_ in found if type_ is not ANY]
        return types_[0] if types_ and all(type_ == types_[0] for type_ in types_) else ANY

    def names_of(self, selector_names: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Gives those names that a selector uses, each with its module."""
        first = {name.partition(".")[0] for name in selector_names}
        return tuple((name, self.modules[name]) for name in sorted(first & self.modules.keys()))

    def check(self, applied: Applied) -> None:
        """Checks that a setting touches something.

        Raises:
            SettingError: It matches nothing.
        """
        # Here and not above: only a run that sets something by a selector needs it.
        from ptera import explain

        try:
            explanation = explain(applied.selector, env=self.env)
        except PteraError as error:
            raise SettingError(applied.origin.pointer, str(error)) from None
        if explanation.problem is not None or not explanation.matches:
            reason = str(explanation.problem or "nothing that the program reaches fits it")
            raise SettingError(applied.origin.pointer, reason)


def _is_called(owner: "FunctionEntry", name: str) -> bool:
    """Tells whether a selector's name means a function, by its own name or its class's."""
    if name.startswith("/"):
        module, _, path = name[1:].partition("/")
        return owner.module == module and path.replace("/", ".") in (owner.qualname, "*")
    return f".{owner.qualname}".endswith(f".{name}") or owner.qualname.startswith(f"{name}.")
