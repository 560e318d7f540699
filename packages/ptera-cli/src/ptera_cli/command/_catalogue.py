"""`ptera catalogue`: the functions and variables of a script."""

from collections.abc import Sequence

from .._spec import OptionSpec
from ._line import HELP_SPEC, NoScriptError, read_line, script_of
from ._script import load

__all__ = ["DESCRIPTION", "SPECS", "catalogue_"]

DESCRIPTION = "List the functions of a script and their variables; its main does not run."

_GROUP = "Options"
SPECS = (
    OptionSpec(
        "script",
        list[str],
        positional=True,
        help="The script; a module as `-- -m module`.",
        metavar="SCRIPT",
        group=_GROUP,
    ),
    OptionSpec(
        "tag",
        str,
        ("--tag",),
        help="Only variables with this tag, such as HyperParameter.",
        metavar="NAME",
        group=_GROUP,
    ),
    HELP_SPEC,
)


def catalogue_(argv: Sequence[str]) -> None:
    """Lists the functions that a script defines or reaches, and their variables.

    Arguments:
        argv: The script, and the options.

    Raises:
        UsageError: The command line does not fit.
    """
    from ptera import catalogue

    line = read_line(argv, SPECS)
    script = line.script or script_of(line.words("script"))
    if script is None:
        raise NoScriptError("catalogue")
    print(catalogue(load(script), line.last("tag")))
