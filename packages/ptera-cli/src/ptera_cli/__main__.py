"""`ptera`, the command: `python -m ptera_cli` is the same."""

from ptera_cli.command import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
