"""The comment that belongs to a binding: what stands directly above it, or beside it."""

import io
import re
import tokenize
from collections.abc import Sequence

__all__ = ["comment_above", "comment_beside"]

# Notes to tools, not to readers.
_PRAGMA = re.compile(
    r"#\s*(type:|noqa|pragma|pyright:|mypy:|pylint:|ruff:|fmt:|isort:|nosec)", re.IGNORECASE
)


def comment_above(lines: Sequence[str], first: int) -> str:
    r"""Gives the comment lines that end right above a line.

    A blank line cuts them off, and so does code with a comment beside it.

    Arguments:
        lines: The lines of the file.
        first: The line, from 1.

    Examples:
        >>> comment_above(["# other", "", "# How fast", "# to learn", "lr = 1"], 5)
        'How fast\nto learn'
    """
    found: list[str] = []
    for index in range(first - 2, -1, -1):
        stripped = lines[index].strip()
        if not stripped.startswith("#"):
            break
        if not _PRAGMA.match(stripped):
            found.insert(0, _text(stripped))
    return "\n".join(found).strip()


def comment_beside(lines: Sequence[str], first: int, last: int) -> str:
    """Gives the comment at the end of a statement, or else of its first line.

    Arguments:
        lines: The lines of the file.
        first: The first line of the statement, from 1.
        last: Its last line.

    Examples:
        >>> comment_beside(['x = "#"  # a mark'], 1, 1)
        'a mark'
    """
    statement = lines[first - 1 : last]
    if not statement or not ("#" in statement[0] or "#" in statement[-1]):
        return ""
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(statement)).readline):
            if token.type == tokenize.COMMENT and not _PRAGMA.match(token.string):
                found[token.start[0]] = _text(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass  # a part of a statement: the header of a loop, a parameter
    return found.get(len(statement)) or found.get(1, "")


def _text(comment: str) -> str:
    return re.sub(r"^#+:?", "", comment).removeprefix(" ").rstrip()
