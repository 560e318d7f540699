"""Directives in comments: what a comment says to the command line rather than to the reader."""

import re
from typing import NamedTuple

__all__ = ["Directives", "read_comment"]

# Not compiled here: a program whose comments hold no bracket need not wait for it.
_DIRECTIVE = r"\[\s*(alias|aliases|positional|negate|metavar|group)\s*(?::\s*([^\]]*?)\s*)?\]"


class Directives(NamedTuple):
    """What a comment asks of its option.

    Arguments:
        aliases: Further spellings, from `[alias: -x]` and `[aliases: -x --ex]`.
        positional: Whether its values are given by position, from `[positional]`.
        negatives: Spellings that set a bool to False, from `[negate: --quiet]`.
        metavar: What stands for the value in the help, from `[metavar: N]`.
        group: The title under which the help shows it, from `[group: Optimiser]`.
    """

    aliases: tuple[str, ...] = ()
    positional: bool = False
    negatives: tuple[str, ...] = ()
    metavar: str | None = None
    group: str | None = None


def read_comment(comment: str) -> tuple[str, Directives]:
    r"""Splits a comment into what it tells the reader and what it asks of the option.

    Other text in brackets stays: `[0, 1]` is an interval, not a directive.

    Arguments:
        comment: The comment's text, without `#`.

    Returns:
        The text with the directives taken out, and the directives.

    Examples:
        >>> text, directives = read_comment("Size of a step, in [0, 1]\n[alias: -l]")
        >>> text
        'Size of a step, in [0, 1]'
        >>> directives.aliases
        ('-l',)
    """
    if "[" not in comment:
        return _joined(comment), Directives()
    found: dict[str, list[str]] = {}
    for match in re.finditer(_DIRECTIVE, comment):
        name = "alias" if match[1] == "aliases" else match[1]
        found.setdefault(name, []).append(match[2] or "")
    return _joined(re.sub(_DIRECTIVE, "", comment)), Directives(
        aliases=_flags(found.get("alias", [])),
        positional="positional" in found,
        negatives=_flags(found.get("negate", [])),
        metavar=_last(found.get("metavar")),
        group=_last(found.get("group")),
    )


def _joined(comment: str) -> str:
    return " ".join(comment.split())


def _last(values: list[str] | None) -> str | None:
    return values[-1] or None if values else None


def _flags(values: list[str]) -> tuple[str, ...]:
    """Gives the flags of directives; dashes may be left out: `[alias: x]` is `-x`."""
    words = [word for value in values for word in value.replace(",", " ").split()]
    return tuple(dict.fromkeys(_flag(word) for word in words))


def _flag(word: str) -> str:
    if word.startswith("-"):
        return word
    return f"-{word}" if len(word) == 1 else f"--{word}"
