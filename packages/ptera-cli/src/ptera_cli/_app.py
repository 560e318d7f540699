"""A program whose options are its variables: parse, hold the values, run, report."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ptera import Tag, TagSet, tag

from ._builtin import COMPLETION, HELP, PRINT_CONFIG, SAVE_CONFIG
from ._commands import Command, Entry, command_of, program_name
from ._errors import UsageError, ValueRefusedError, closest
from ._kinds import Converter, Rules
from ._launch import held_values, launch
from ._nodes import sources
from ._program import Outcome, Program, Request
from ._spec import OptionSpec
from ._values import require

if TYPE_CHECKING:
    from ._cyclopts import Page

__all__ = ["App", "Parsed", "auto_cli"]


class Parsed(NamedTuple):
    """What a command line, with files and the environment, comes to.

    Arguments:
        command: The commands that were chosen, outermost first; empty where there are none.
        values: The values that were given, by the name of the option.
        sources: Where each of them came from.
        settings: The values that were set by selectors.
    """

    command: tuple[str, ...]
    values: Mapping[str, object]
    sources: Mapping[str, str]
    settings: Mapping[str, object]


class App:
    """A command line made of the tagged variables that functions can reach.

    Arguments:
        entry: The function to run; or several functions, or a mapping of names to functions
            (or to further mappings), which become commands.
        tag: The tag of the variables that become options.
        prog: The program's name; by default the name under which it was started.
        description: What the program does; by default the docstring of the entry.
        prefix: How environment variables begin: `PREFIX_LR` sets `lr`. None: none is read.
        config: Configuration files that are read, in this order, where they exist.
        eval_env: Names that values may refer to. Giving it allows values to be evaluated
            (`:expression`) and imported (`package.module.name`); without it nothing is.
        converters: Functions from text to value, for types of your own.

    Raises:
        TypeError: `entry` is neither a function nor functions.

    Examples:
        >>> from ptera import default, ptera, tag
        >>> @ptera
        ... def train():
        ...     lr: float & tag.HyperParameter = default(0.1)
        ...     return lr
        >>> app = App(train, prog="train")
        >>> app.parse(["--lr", "1e-3"]).values
        {'lr': 0.001}
        >>> app.run(["--lr", "1e-3"])
        0.001
    """

    def __init__(
        self,
        entry: Entry | Sequence[Entry] | Mapping[str, Any],
        *,
        tag: Tag | TagSet = tag.HyperParameter,
        prog: str | None = None,
        description: str | None = None,
        prefix: str | None = None,
        config: Sequence[str] = (),
        eval_env: Mapping[str, object] | None = None,
        converters: Mapping[object, Converter] | None = None,
    ) -> None:
        self._prog = prog
        self._commands = command_of(entry, description)
        self._tag = tag
        self._rules = Rules(eval_env, converters)
        self._prefix = prefix
        self._config = tuple(config)

    @property
    def prog(self) -> str:
        """The program's name."""
        return self._prog or program_name()

    def parse(self, argv: Sequence[str] | None = None, args: Sequence[object] = ()) -> Parsed:
        """Tells what a command line comes to, and runs nothing.

        Arguments:
            argv: The command line without the program; by default that of this process.
            args: The arguments that the entry would be called with.

        Returns:
            The values, and where each came from.

        Raises:
            UsageError: The command line, a file or the environment is wrong.
        """
        program = self._program(args)
        request = program.request(sys.argv[1:] if argv is None else argv)
        outcome = program.outcome(request)
        require(request.specs, outcome.chosen)
        given = outcome.given
        return Parsed(
            request.command.path,
            {name: one.value for name, one in given.items()},
            {name: sources(one.origins) for name, one in given.items()},
            {one.setting.selector: one.value for one in outcome.settings},
        )

    def run(self, argv: Sequence[str] | None = None, args: Sequence[object] = ()) -> Any:
        """Runs the program with the values of a command line.

        Arguments:
            argv: The command line without the program; by default that of this process.
            args: Arguments for the entry, before the options.

        Returns:
            What the entry returns.

        Raises:
            SystemExit: With status 2 and one line on the standard error, if the command line,
                a file or the environment is wrong; with status 0 after `--help` and the like.
        """
        program = self._program(args)
        words = list(sys.argv[1:] if argv is None else argv)
        try:
            request, outcome = self._understood(program, words)
            held = held_values(request, outcome)
        except UsageError as error:
            self._refuse(error)
        return launch(self.prog, request, outcome, held, args)

    def _program(self, args: Sequence[object]) -> Program:
        return Program(
            self._commands, self._tag, self._rules, self._prefix, self._config, tuple(args)
        )

    def _understood(self, program: Program, argv: Sequence[str]) -> tuple[Request, Outcome]:
        """Takes the command line apart, and obeys what prints and stops."""
        try:
            request = program.request(argv)
        except UsageError:
            # Whoever asks for help beside a mistake gets help.
            asked = program.help_request(argv)
            if asked is None:
                raise
            request = asked
        if request.words(HELP):
            self._help(program, request)
        if request.words(COMPLETION):
            self._completion(program, request.words(COMPLETION)[-1])
        outcome = program.outcome(request)
        if request.words(PRINT_CONFIG):
            self._print_config(request, outcome)
        require(request.specs, outcome.chosen)
        if request.words(SAVE_CONFIG):
            from ._saved import save

            path = request.words(SAVE_CONFIG)[-1]
            save(path, request.specs, outcome.chosen, outcome.settings, self._rules)
        return request, outcome

    def _refuse(self, error: UsageError) -> NoReturn:
        print(f"{self.prog}: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None

    def _help(self, program: Program, request: Request) -> NoReturn:
        from ._cyclopts import print_help

        notes: dict[str, str] = {}
        # A value that is wrong is no reason to keep the help back.
        with suppress(UsageError):
            for name, given in program.outcome(request).given.items():
                notes[name] = f"[now {_shown(given.value)}, from {sources(given.origins)}]"
        print_help(self._page(program, request.command, notes))
        raise SystemExit(0)

    def _page(self, program: Program, command: Command, notes: Mapping[str, str]) -> "Page":
        from ._cyclopts import Page

        specs: Sequence[OptionSpec] = program.specs(command)
        return Page(
            name=" ".join((self.prog, *command.path)),
            description=command.description,
            specs=(*specs, *program.builtin(specs)),
            notes=notes,
            commands={
                name: self._page(program, below, {}) for name, below in command.below.items()
            },
        )

    def _completion(self, program: Program, shell: str) -> NoReturn:
        from ._cyclopts import SHELLS, completion_script

        _check_choice(COMPLETION, shell, tuple(SHELLS))
        print(completion_script(self._page(program, self._commands, {}), SHELLS[shell]))
        raise SystemExit(0)

    def _print_config(self, request: Request, outcome: Outcome) -> NoReturn:
        from ._saved import FORMATS, configuration

        format_ = request.words(PRINT_CONFIG)[-1]
        _check_choice(PRINT_CONFIG, format_, FORMATS)
        text = configuration(format_, request.specs, outcome.chosen, outcome.settings, self._rules)
        print(text, end="")
        raise SystemExit(0)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check_choice(option: str, word: str, choices: Sequence[str]) -> None:
    if word not in choices:
        expected = f"one of {', '.join(choices)}"
        raise ValueRefusedError(option, word, expected, closest(word, choices))


def auto_cli(
    entry: Entry | Sequence[Entry] | Mapping[str, Any],
    args: Sequence[object] = (),
    argv: Sequence[str] | None = None,
    tag: Tag | TagSet = tag.HyperParameter,
    eval_env: Mapping[str, object] | None = None,
    prefix: str | None = None,
    *,
    prog: str | None = None,
    description: str | None = None,
    config: Sequence[str] = (),
    converters: Mapping[object, Converter] | None = None,
) -> Any:
    """Runs a function with a command line made of the tagged variables that it can reach.

    Arguments:
        entry: The function to run; or several functions, or a mapping of names to functions
            (or to further mappings), which become commands.
        args: Arguments for the function, before the options.
        argv: The command line without the program; by default that of this process.
        tag: The tag of the variables that become options.
        eval_env: Names that values may refer to. Giving it allows values to be evaluated
            (`:expression`) and imported (`package.module.name`); without it nothing is.
        prefix: How environment variables begin: `PREFIX_LR` sets `lr`. None: none is read.
        prog: The program's name; by default the name under which it was started.
        description: What the program does; by default the docstring of the entry.
        config: Configuration files that are read, in this order, where they exist.
        converters: Functions from text to value, for types of your own.

    Returns:
        What the function returns.

    Raises:
        SystemExit: With status 2 and one line on the standard error, if the command line, a
            file or the environment is wrong; with status 0 after `--help` and the like.

    Examples:
        >>> from ptera import default, ptera, tag
        >>> @ptera
        ... def train(steps):
        ...     # Size of a step
        ...     lr: float & tag.HyperParameter = default(0.1)
        ...     return steps * lr
        >>> auto_cli(train, (10,), ["--lr", "2"])
        20.0
    """
    app = App(
        entry,
        tag=tag,
        prog=prog,
        description=description,
        prefix=prefix,
        config=config,
        eval_env=eval_env,
        converters=converters,
    )
    return app.run(argv, args)
