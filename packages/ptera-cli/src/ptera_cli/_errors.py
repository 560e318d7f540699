"""What a user of a command line is told: one line, made here from the parts of the error."""

from collections.abc import Iterable

from ptera import PteraError
from ptera_selector import SelectorSyntaxError

from ._spec import Place

__all__ = [
    "ConfigError",
    "ConfigKeyError",
    "DeclarationError",
    "MissingOptionError",
    "MissingValueError",
    "NotAppendableError",
    "NothingToAppendError",
    "SettingError",
    "UnexpectedArgumentError",
    "UnknownCommandError",
    "UnknownOptionError",
    "UsageError",
    "ValueRefusedError",
    "closest",
    "syntax_reason",
]


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Gives the candidate that a misspelt name most likely meant.

    Examples:
        >>> closest("--epoch_s", ["--epochs", "--lr"])
        '--epochs'
        >>> closest("--zzz", ["--epochs", "--lr"]) is None
        True
    """
    # Here and not above: a run without mistakes need not wait for it.
    import difflib

    close = difflib.get_close_matches(name, sorted(set(candidates)), n=1)
    return close[0] if close else None


def syntax_reason(error: SelectorSyntaxError) -> str:
    """Gives what is wrong with a selector in one line, without the drawing of the place.

    Examples:
        >>> from ptera_selector import parse
        >>> try:
        ...     parse("f > > x")
        ... except SelectorSyntaxError as error:
        ...     "(column 5)" in syntax_reason(error)
        True
    """
    where = f"column {error.column}"
    hint = "" if error.hint is None else f"; {' '.join(error.hint.split()).rstrip('.')}"
    return f"{error.reason.rstrip('.')} ({where}){hint}"


def _hint(nearest: str | None, place: Place | None = None) -> str:
    where = f", of {place}" if place is not None else ""
    return f" Did you mean `{nearest}`{where}?" if nearest else ""


def _declared(place: Place | None) -> str:
    return f" Declared in {place}." if place is not None else ""


class UsageError(PteraError):
    """Root of the errors that a user of the command line can mend: exit status 2, one line.

    Examples:
        >>> issubclass(UnknownOptionError, UsageError)
        True
    """


class ValueRefusedError(UsageError):
    """A value does not fit the type of its variable.

    Arguments:
        subject: The option, key or environment variable, as it was written.
        found: The value, as it was written.
        expected: What would have fitted.
        nearest: The choice that was most likely meant.
        place: Where the variable is declared.

    Examples:
        >>> print(ValueRefusedError("--opt", "adm", "one of sgd, adam", "adam"))
        `--opt`: `adm` is not one of sgd, adam. Did you mean `adam`?
    """

    def __init__(
        self,
        subject: str,
        found: str,
        expected: str,
        nearest: str | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(subject, found, expected, nearest, place)
        self.subject = subject
        self.found = found
        self.expected = expected
        self.nearest = nearest
        self.place = place

    def __str__(self) -> str:
        return (
            f"`{self.subject}`: `{self.found}` is not {self.expected}."
            f"{_hint(self.nearest)}{_declared(self.place)}"
        )


class UnknownOptionError(UsageError):
    """An option is given that does not exist.

    Arguments:
        option: The option, as it was written.
        nearest: The option that was most likely meant.
        place: Where that one is declared.

    Examples:
        >>> print(UnknownOptionError("--epoch_s", "--epochs", Place("train", "/t/train.py", 9)))
        Unknown option `--epoch_s`. Did you mean `--epochs`, of `train` (/t/train.py:9)?
    """

    def __init__(self, option: str, nearest: str | None = None, place: Place | None = None) -> None:
        super().__init__(option, nearest, place)
        self.option = option
        self.nearest = nearest
        self.place = place

    def __str__(self) -> str:
        hint = _hint(self.nearest, self.place) or " `--help` lists all."
        return f"Unknown option `{self.option}`.{hint}"


class UnexpectedArgumentError(UsageError):
    """A value stands where no option takes it.

    Arguments:
        argument: The value.
        after: What it follows, None where it is the first.

    Examples:
        >>> print(UnexpectedArgumentError("fast", "--verbose"))
        Unexpected argument `fast` after `--verbose`, which takes no value.
    """

    def __init__(self, argument: str, after: str | None = None) -> None:
        super().__init__(argument, after)
        self.argument = argument
        self.after = after

    def __str__(self) -> str:
        if self.after is None:
            return f"Unexpected argument `{self.argument}`. `--help` lists the options."
        return f"Unexpected argument `{self.argument}` after `{self.after}`, which takes no value."


class MissingValueError(UsageError):
    """An option stands without the value that it takes.

    Arguments:
        option: The option, as it was written.
        expected: What should follow.
        found: The option that stands there instead, None at the end.
        place: Where the variable is declared.

    Examples:
        >>> print(MissingValueError("--lr", "a float"))
        `--lr` needs a value: a float.
    """

    def __init__(
        self, option: str, expected: str, found: str | None = None, place: Place | None = None
    ) -> None:
        super().__init__(option, expected, found, place)
        self.option = option
        self.expected = expected
        self.found = found
        self.place = place

    def __str__(self) -> str:
        instead = ""
        if self.found is not None:
            instead = f" If `{self.found}` is the value, write `{self.option}={self.found}`."
        return f"`{self.option}` needs a value: {self.expected}.{instead}{_declared(self.place)}"


class MissingOptionError(UsageError):
    """A variable without a default was given no value.

    Arguments:
        option: The option that would set it.
        expected: What it takes.
        place: Where the variable is declared.

    Examples:
        >>> print(MissingOptionError("--data", "a path", Place("load", "/t/data.py", 4)))
        `--data` is required: a path. Declared in `load` (/t/data.py:4).
    """

    def __init__(self, option: str, expected: str, place: Place | None = None) -> None:
        super().__init__(option, expected, place)
        self.option = option
        self.expected = expected
        self.place = place

    def __str__(self) -> str:
        return f"`{self.option}` is required: {self.expected}.{_declared(self.place)}"


class UnknownCommandError(UsageError):
    """The first argument is none of the commands.

    Arguments:
        command: What was written, None where nothing was.
        commands: The commands that exist.

    Examples:
        >>> print(UnknownCommandError("trian", ("train", "test")))
        Unknown command `trian`. Did you mean `train`?
    """

    def __init__(self, command: str | None, commands: Iterable[str]) -> None:
        self.command = command
        self.commands = tuple(commands)
        super().__init__(command, self.commands)

    def __str__(self) -> str:
        known = ", ".join(f"`{command}`" for command in self.commands)
        if self.command is None:
            return f"A command is required, one of {known}."
        hint = _hint(closest(self.command, self.commands)) or f" Choose from {known}."
        return f"Unknown command `{self.command}`.{hint}"


class ConfigError(UsageError):
    """A configuration file cannot be read.

    Arguments:
        file: The file, as it was named.
        reason: What is wrong.
        line: The line, from 1, where known.

    Examples:
        >>> print(ConfigError("exp.toml", "there is no such file"))
        `exp.toml`: there is no such file.
    """

    def __init__(self, file: str, reason: str, line: int | None = None) -> None:
        super().__init__(file, reason, line)
        self.file = file
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"`{where}`: {self.reason}."


class ConfigKeyError(UsageError):
    """A configuration file has a key that sets nothing.

    Arguments:
        key: The key, with dots between the tables.
        source: The file and, where known, the line.
        nearest: The key that was most likely meant.
        place: Where that variable is declared.
        same_as: The option that the file sets under another name too, if that is the trouble.

    Examples:
        >>> print(ConfigKeyError("lrr", "exp.toml:3", "lr"))
        `exp.toml:3`: unknown key `lrr`. Did you mean `lr`?
    """

    def __init__(
        self,
        key: str,
        source: str,
        nearest: str | None = None,
        place: Place | None = None,
        same_as: str | None = None,
    ) -> None:
        super().__init__(key, source, nearest, place, same_as)
        self.key = key
        self.source = source
        self.nearest = nearest
        self.place = place
        self.same_as = same_as

    def __str__(self) -> str:
        if self.same_as is not None:
            return f"`{self.source}`: `{self.key}` sets `{self.same_as}` a second time."
        hint = _hint(self.nearest, self.place) or " `--help` lists the options."
        return f"`{self.source}`: unknown key `{self.key}`.{hint}"


class SettingError(UsageError):
    """A `--set` or an entry of `[set]` cannot be applied.

    Arguments:
        subject: The entry, and where it stands.
        reason: What is wrong, with what to do.

    Examples:
        >>> print(SettingError("--set T", "there is no `=`; write `--set 'layer > T=10'`"))
        `--set T`: there is no `=`; write `--set 'layer > T=10'`.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject = subject
        self.reason = reason

    def __str__(self) -> str:
        end = "" if self.reason.endswith((".", "?")) else "."
        return f"`{self.subject}`: {self.reason}{end}"


class NotAppendableError(UsageError):
    """Items are to be appended to what is no list.

    Arguments:
        subject: What asks for it.
        expected: What the variable takes.
        place: Where the variable is declared.

    Examples:
        >>> print(NotAppendableError("--size+", "a whole number"))
        `--size+`: only lists and sets take `+`; this takes a whole number.
    """

    def __init__(self, subject: str, expected: str, place: Place | None = None) -> None:
        super().__init__(subject, expected, place)
        self.subject = subject
        self.expected = expected
        self.place = place

    def __str__(self) -> str:
        return (
            f"`{self.subject}`: only lists and sets take `+`; this takes {self.expected}."
            f"{_declared(self.place)}"
        )


class NothingToAppendError(UsageError):
    """Items are to be appended to a list that is not known before the program runs.

    Arguments:
        subject: What asks for it.
        default: The source of the default, None where there is none.
        place: Where the variable is declared.

    Examples:
        >>> print(NothingToAppendError("--layers+", "sizes()"))
        `--layers+`: there is no list to append to, the default `sizes()` is known only when the \
program runs. Give the whole list.
    """

    def __init__(self, subject: str, default: str | None, place: Place | None = None) -> None:
        super().__init__(subject, default, place)
        self.subject = subject
        self.default = default
        self.place = place

    def __str__(self) -> str:
        why = ""
        if self.default is not None:
            why = f", the default `{self.default}` is known only when the program runs"
        return (
            f"`{self.subject}`: there is no list to append to{why}. Give the whole list."
            f"{_declared(self.place)}"
        )


class DeclarationError(PteraError):
    """The program declares options that cannot stand together: its author must mend it.

    Arguments:
        option: The option's name.
        reason: What is wrong.
        places: The declarations concerned.

    Examples:
        >>> a, b = Place("train", "/t/a.py", 3), Place("test", "/t/b.py", 5)
        >>> print(DeclarationError("n", "is declared as `int` and as `str`", (a, b)))
        `n` is declared as `int` and as `str`: `train` (/t/a.py:3), `test` (/t/b.py:5).
    """

    def __init__(self, option: str, reason: str, places: Iterable[Place]) -> None:
        self.option = option
        self.reason = reason
        self.places = tuple(places)
        super().__init__(option, reason, self.places)

    def __str__(self) -> str:
        places = ", ".join(str(place) for place in self.places)
        return f"`{self.option}` {self.reason}: {places}."
