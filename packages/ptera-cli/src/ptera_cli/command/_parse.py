"""`ptera parse`: how a selector is read."""

from collections.abc import Sequence

from .._spec import OptionSpec
from ._line import HELP_SPEC, parsed_selectors, read_line

__all__ = ["DESCRIPTION", "SPECS", "parse_"]

DESCRIPTION = "Show how selectors are read: in full, and what they name."

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
    HELP_SPEC,
)


def parse_(argv: Sequence[str]) -> None:
    """Shows how selectors are read.

    Arguments:
        argv: The selectors.

    Raises:
        UsageError: One is malformed.

    Example:
        >>> parse_(["layer > act"])
        layer > act
          functions  layer
          captures   act
          focus      act
    """
    from ptera_selector import captures, focus, function_names, target

    line = read_line(argv, SPECS)
    for selector in parsed_selectors(line.words("selectors")):
        facts = {
            "functions": ", ".join(sorted(function_names(selector))) or "any",
            "captures": ", ".join(capture.name for capture in captures(selector)) or "none",
        }
        for label, capture in (("focus", focus(selector)), ("target", target(selector))):
            if capture is not None:
                facts[label] = capture.name
        print(selector)
        for label, text in facts.items():
            print(f"  {label.ljust(10)} {text}")
