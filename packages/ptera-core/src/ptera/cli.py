"""Command lines from variables: what `ptera_cli` has, if `ptera-cli` is installed."""

from ._installation import missing

try:
    from ptera_cli import *  # noqa: F403 - the plugin decides what is public
    from ptera_cli import __all__ as __all__
except ModuleNotFoundError as error:
    raise missing("ptera_cli", "ptera-cli", error) from error
