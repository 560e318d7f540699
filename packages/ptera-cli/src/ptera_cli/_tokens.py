"""Splits a command line into options and their words. What the words mean is decided elsewhere."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ._described import described
from ._errors import MissingValueError, UnexpectedArgumentError, UnknownOptionError, closest
from ._kinds import Kind, kind_of, members, part_type, takes
from ._spec import OptionSpec

__all__ = ["Occurrence", "Scanner"]

# Not compiled here: most command lines hold no negative number.
_NUMBER = r"(?i)-(\.?\d[\d_]*(\.[\d_]*)?(e[+-]?\d+)?|0[xob][\da-f_]+|inf|infinity|nan)"


class Occurrence(NamedTuple):
    """One option as it stands on a command line.

    Arguments:
        name: The option's name.
        spelled: How it was written there.
        words: The words that belong to it.
        keys: The keys after its name: `--opt.lr 3` has `("lr",)`.
        append: Whether the words go after those of lower layers: `--layers+ 3`.
    """

    name: str
    spelled: str
    words: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    append: bool = False


class _Flag(NamedTuple):
    spec: OptionSpec
    takes: int | None
    negative: bool = False
    short: bool = False


class Scanner:
    """Knows the options of one command, and finds them in its arguments.

    Arguments:
        specs: The options.
        files: The option that `@file` is short for, None where there is none.

    Examples:
        >>> scanner = Scanner([OptionSpec("lr", float, ("--lr", "-l"))])
        >>> [(o.name, o.words) for o in scanner.scan(["--lr", "-1e-4", "-l3"])]
        [('lr', ('-1e-4',)), ('lr', ('3',))]
    """

    def __init__(self, specs: Iterable[OptionSpec], files: str | None = None) -> None:
        self._files = files
        self._flags: dict[str, _Flag] = {}
        self._positional: list[OptionSpec] = []
        for spec in specs:
            if spec.positional:
                self._positional.append(spec)
            for flag in (*spec.flags, *spec.aliases):
                self._flags[_folded(flag)] = _Flag(spec, _takes(spec))
            for flag in spec.negatives:
                self._flags[_folded(flag)] = _Flag(spec, 0, negative=True)

    def scan(self, argv: Sequence[str]) -> list[Occurrence]:
        """Finds the options in order.

        Arguments:
            argv: The arguments, without the program's name and without commands.

        Returns:
            One occurrence for each option, as often as it is written.

        Raises:
            UnknownOptionError: There is no such option; abbreviations are none.
            MissingValueError: An option stands without its value.
            UnexpectedArgumentError: A word belongs to no option.
        """
        found: list[Occurrence] = []
        loose: list[str] = []
        last: str | None = None
        rest = list(argv)
        while rest:
            word = rest.pop(0)
            if word == "--":
                loose.extend(rest)
                break
            if self._is_option(word):
                found.extend(self._option(word, rest))
                last = found[-1].spelled if self._is_bare(found[-1]) else None
            elif self._files is not None and word.startswith("@") and len(word) > 1:
                found.append(Occurrence(self._files, word, (word[1:],)))
            else:
                self._check_room(word, loose, last)
                loose.append(word)
        return [*found, *self._by_position(loose)]

    def _is_option(self, word: str) -> bool:
        """Tells options from values: `-`, `-1e-4` and `-inf` are values, unless declared."""
        if not word.startswith("-") or word == "-":
            return False
        if word.startswith("--") or _folded(word) in self._flags:
            return True
        return re.fullmatch(_NUMBER, word) is None

    def _is_bare(self, occurrence: Occurrence) -> bool:
        flag = self._flags.get(_folded(occurrence.spelled))
        return flag is not None and flag.takes == 0

    def _is_known(self, word: str) -> bool:
        return word == "--" or _folded(word.partition("=")[0]) in self._flags

    def _option(self, word: str, rest: list[str]) -> list[Occurrence]:
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            return self._short(word, rest)
        append = name.endswith("+")
        spelled = name.removesuffix("+")
        flag, keys = self._find(spelled)
        attached = [value] if equals else None
        return [self._occurrence(flag, name, attached, rest, keys, append)]

    def _find(self, spelled: str) -> tuple[_Flag, tuple[str, ...]]:
        """Finds an option by its name, or by its name and keys: `--opt.lr`."""
        flag = self._flags.get(_folded(spelled))
        if flag is not None:
            return flag, ()
        head, *keys = spelled.split(".")
        while keys:
            flag = self._flags.get(_folded(head))
            if flag is not None and not flag.negative and _has_keys(flag.spec.type):
                return flag, tuple(keys)
            head = f"{head}.{keys.pop(0)}"
        raise self._unknown(spelled)

    def _unknown(self, spelled: str) -> UnknownOptionError:
        nearest = closest(_folded(spelled), self._flags)
        if nearest is None:
            return UnknownOptionError(spelled)
        flag = self._flags[nearest]
        shown = next(
            (f for f in (*flag.spec.flags, *flag.spec.negatives) if _folded(f) == nearest), nearest
        )
        return UnknownOptionError(spelled, shown, flag.spec.place)

    def _short(self, word: str, rest: list[str]) -> list[Occurrence]:
        """Reads `-x`, `-x3`, `-x=3` and, for options without values, `-abc`."""
        name, equals, value = word.partition("=")
        if name in self._flags:
            attached = [value] if equals else None
            return [self._occurrence(self._flags[name], name, attached, rest)]
        found: list[Occurrence] = []
        for at in range(1, len(word)):
            spelled = f"-{word[at]}"
            flag = self._flags.get(spelled)
            if flag is None:
                raise self._unknown(word if at == 1 else spelled)
            remaining = word[at + 1 :]
            if flag.takes != 0:
                attached = [remaining.removeprefix("=")] if remaining else None
                found.append(self._occurrence(flag, spelled, attached, rest))
                break
            found.append(self._occurrence(flag, spelled, None, rest))
        return found

    def _occurrence(
        self,
        flag: _Flag,
        spelled: str,
        attached: list[str] | None,
        rest: list[str],
        keys: tuple[str, ...] = (),
        append: bool = False,
    ) -> Occurrence:
        name = flag.spec.name
        if attached is not None:
            if flag.negative:
                raise UnexpectedArgumentError(attached[0], spelled)
            return Occurrence(name, spelled, tuple(attached), keys, append)
        if flag.takes == 0 and not keys:
            word = "false" if flag.negative else flag.spec.bare or "true"
            return Occurrence(name, spelled, (word,), keys, append)
        type_ = part_type(flag.spec.type, keys)
        if keys and takes(type_) == 0:
            return Occurrence(name, spelled, ("true",), keys, append)
        words = self._words(rest, takes(type_) if keys else flag.takes)
        if not words:
            found = rest[0] if rest and not self._is_known(rest[0]) else None
            raise MissingValueError(spelled, described(type_), found, flag.spec.place)
        return Occurrence(name, spelled, tuple(words), keys, append)

    def _words(self, rest: list[str], most: int | None) -> list[str]:
        """Takes the values that follow an option: a whole container is one word."""
        words: list[str] = []
        while rest and (most is None or len(words) < most):
            if rest[0] == "--" or self._is_option(rest[0]):
                break
            if rest[0].startswith("@") and words:
                break
            words.append(rest.pop(0))
            if most is not None and most > 1 and len(words) == 1 and _is_container(words[0]):
                break
        return words

    def _check_room(self, word: str, loose: list[str], last: str | None) -> None:
        room = sum(takes(spec.type) or len(loose) + 1 for spec in self._positional)
        if len(loose) >= room:
            raise UnexpectedArgumentError(word, last)

    def _by_position(self, loose: list[str]) -> list[Occurrence]:
        found: list[Occurrence] = []
        for at, spec in enumerate(self._positional):
            if not loose:
                break
            wanted = takes(spec.type)
            after = sum(takes(other.type) or 1 for other in self._positional[at + 1 :])
            count = max(1, len(loose) - after) if wanted is None else wanted or 1
            found.append(Occurrence(spec.name, spec.name.upper(), tuple(loose[:count])))
            del loose[:count]
        if loose:
            raise UnexpectedArgumentError(loose[0])
        return found


def _folded(flag: str) -> str:
    """Gives the spelling under which flags are compared: `--my_lr` is `--my-lr`."""
    return flag.replace("_", "-") if flag.startswith("--") else flag


def _is_container(word: str) -> bool:
    return word.startswith(("[", "(", "{"))


def _has_keys(type_: object) -> bool:
    kinds = (Kind.MAPPING, Kind.RECORD, Kind.ANY)
    return any(kind_of(member) in kinds for member in members(type_))


def _takes(spec: OptionSpec) -> int | None:
    return 0 if spec.bare is not None else takes(spec.type)
