"""Generated code as text: for `explain`, and for the folder that `PTERA_DUMP` names."""

import ast
import os
import sys

from ._constants import Constants

__all__ = ["dump", "dump_folder", "readable"]


def readable(tree: ast.AST, constants: Constants) -> str:
    """Unparses a tree with the objects behind its placeholders shown by name."""
    text = ast.unparse(ast.fix_missing_locations(tree))
    for placeholder, value in constants.objects.items():
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        text = text.replace(repr(placeholder), f"<{name or type(value).__name__}>")
    return text


def dump_folder() -> str | None:
    """Gives the folder that generated source is to be written to, or None."""
    return os.environ.get("PTERA_DUMP") or None


def dump(folder: str, name: str, tree: ast.AST, constants: Constants) -> None:
    """Writes the generated source of a function to a file of its name.

    A folder that cannot be written to is said so on the standard error: looking inside
    must not stop the program that is looked at.
    """
    safe = "".join(c if c.isalnum() or c in "._" else "_" for c in name)
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{safe}.py"), "w", encoding="utf-8") as file:
            file.write(readable(tree, constants) + "\n")
    except OSError as error:
        print(f"PTERA_DUMP: cannot write to {folder}: {error}", file=sys.stderr)
