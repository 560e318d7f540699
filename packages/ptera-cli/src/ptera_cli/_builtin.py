"""The options that every command line has, beside those of the program's variables."""

from collections.abc import Iterable
from typing import Literal

from ._spec import OptionSpec

__all__ = [
    "COMPLETION",
    "CONFIG",
    "HELP",
    "PRINT_CONFIG",
    "SAVE_CONFIG",
    "SET_OPTION",
    "builtin_options",
]

# Their names begin with dashes, which no variable's name does.
HELP = "--help"
CONFIG = "--config"
SET_OPTION = "--set"
PRINT_CONFIG = "--print-config"
SAVE_CONFIG = "--save-config"
COMPLETION = "--completion"

_GROUP = "Every command line"

_ALL = (
    OptionSpec(HELP, bool, (HELP, "-h"), help="Show this and stop."),
    OptionSpec(
        CONFIG,
        str,
        (CONFIG,),
        help="Read values from a TOML, YAML or JSON file; also @FILE. Of several, the later wins.",
        metavar="FILE",
    ),
    OptionSpec(
        SET_OPTION,
        str,
        (SET_OPTION,),
        help="Set what a selector addresses, such as 'layer[1] > T=10'.",
        metavar="SELECTOR=VALUE",
    ),
    OptionSpec(
        PRINT_CONFIG,
        Literal["toml", "yaml", "json"],
        (PRINT_CONFIG,),
        help="Print all values and where each comes from, and stop; also --print-config=yaml.",
        bare="toml",
    ),
    OptionSpec(
        SAVE_CONFIG,
        str,
        (SAVE_CONFIG,),
        help="Write the values to a file that starts this run again.",
        metavar="FILE",
    ),
    OptionSpec(
        COMPLETION,
        Literal["bash", "zsh", "fish"],
        (COMPLETION,),
        help="Print what makes a shell complete these options, and stop.",
        metavar="SHELL",
    ),
)


def builtin_options(taken: Iterable[str]) -> tuple[OptionSpec, ...]:
    """Gives the options that every command line has.

    Arguments:
        taken: Spellings of the program's own options, which come first: where a variable is
            called `config`, the file is given with `--ptera-config`.

    Examples:
        >>> [spec.flag for spec in builtin_options(["--config"])][:3]
        ['--help', '--ptera-config', '--set']
    """
    owned = set(taken)
    return tuple(_without(spec, owned) for spec in _ALL)


def _without(spec: OptionSpec, taken: set[str]) -> OptionSpec:
    flags = tuple(flag for flag in spec.flags if flag not in taken)
    if spec.name in taken:
        flags = (f"--ptera-{spec.name[2:]}", *flags)
    return OptionSpec(
        spec.name,
        spec.type,
        flags,
        help=spec.help,
        metavar=spec.metavar,
        group=_GROUP,
        bare=spec.bare,
    )
