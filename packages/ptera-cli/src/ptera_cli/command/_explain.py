"""`ptera explain`: which functions and variables of a script a selector touches, and why not."""

from collections.abc import Sequence

from .._spec import OptionSpec
from ._line import HELP_SPEC, parsed_selectors, read_line
from ._script import load

__all__ = ["DESCRIPTION", "SPECS", "explain_"]

DESCRIPTION = (
    "Tell which functions and variables of a script selectors touch; its main does not run."
)

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
        "source", bool, ("--source",), help="Show the code that would run instead.", group=_GROUP
    ),
    HELP_SPEC,
)


def explain_(argv: Sequence[str]) -> None:
    """Explains selectors for a script, whose module-level code runs but not its main.

    Arguments:
        argv: The selectors and options, `--`, the script and its arguments.

    Raises:
        UsageError: The command line does not fit.
        SystemExit: With status 1, if a selector matches nothing.
    """
    from ptera import explain

    line = read_line(argv, SPECS)
    selectors = parsed_selectors(line.words("selectors"))
    module = load(line.needed_script("explain"))
    explanations = [
        explain(selector, source=bool(line.words("source")), env=vars(module), within=[module])
        for selector in selectors
    ]
    print("\n\n".join(str(explanation) for explanation in explanations))
    if not all(explanation.matches for explanation in explanations):
        raise SystemExit(1)
