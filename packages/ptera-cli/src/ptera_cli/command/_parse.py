"""`ptera parse`: how a selector is read."""

from collections.abc import Sequence

from .._spec import OptionSpec
from ._line import HELP_SPEC, parsed_selectors, read_line

__all__ = ["DESCRIPTION", "SPECS", "parse_"]

DESCRIPTION = "Show how selectors are read: as a tree, in full, in words."

_GROUP = "Options"
SPECS = (
    OptionSpec(
        "selectors",
        list[str],
        positional=True,
        help="The selectors.",
        metavar="SELECTOR",
        group=_GROUP,
        required=True,
    ),
    OptionSpec(
        "json", bool, ("--json",), help="Print JSON, one line for each selector.", group=_GROUP
    ),
    HELP_SPEC,
)


def parse_(argv: Sequence[str]) -> None:
    """Shows how selectors are read: drawn as a tree, in full, and in words.

    Arguments:
        argv: The selectors, and the options.

    Raises:
        UsageError: One is malformed.

    Examples:
        >>> parse_(["--json", "f > x"])  # doctest: +ELLIPSIS
        {...}
    """
    from ptera_selector import draw, in_words, to_json

    line = read_line(argv, SPECS)
    for selector in parsed_selectors(line.words("selectors")):
        if line.words("json"):
            print(to_json(selector))
        else:
            print(draw(selector), str(selector), in_words(selector), sep="\n\n", end="\n\n")
