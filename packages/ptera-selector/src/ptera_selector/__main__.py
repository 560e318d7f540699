"""The command line: shows what a selector says, or checks a file of selectors."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from ptera_selector import SelectorSyntaxError, draw, in_words, parse, to_json
from ptera_selector.__about__ import __version__

_DESCRIPTION = "Show what a selector says, or check selectors, one a line."
_EPILOG = """\
With one selector: the tree, the canonical text, and in words when there is an event and what it
has. With a file, or text on standard input: each line is checked; blank lines and those that begin
with // are passed over. The exit status is 2 if a selector is wrong.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments after the program's name; those of the process by default.

    Returns:
        The exit status: 0, or 2 if a selector is wrong or a file cannot be read.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _never_fail(stream)
    if options.file is not None:
        if options.selector is not None:
            parser.error("give a selector or a file, not both")
        return _check_file(options.file, options.json)
    if options.selector == "-" or (options.selector is None and not sys.stdin.isatty()):
        return _check_file("-", options.json)
    if options.selector is None:
        parser.error("give a selector, or a file with -f")
    return _show(options.selector, options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ptera-selector",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("selector", nargs="?", help="the selector; - for standard input")
    parser.add_argument("-f", "--file", help="check the selectors of a file; - for standard input")
    parser.add_argument(
        "--json", action="store_true", help="print JSON, one line for each selector"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _never_fail(stream: TextIO) -> None:
    """Let a stream write what its encoding lacks as escapes."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _show(text: str, as_json: bool) -> int:
    try:
        selector = parse(text)
    except SelectorSyntaxError as error:
        print(f"ptera-selector: {error}", file=sys.stderr)
        return 2
    if as_json:
        print(to_json(selector))
    else:
        print(draw(selector), str(selector), in_words(selector), sep="\n\n")
    return 0


def _check_file(name: str, as_json: bool) -> int:
    # Bytes that are no UTF-8 become characters that no selector has: they are found like any error.
    if name == "-":
        reconfigure = getattr(sys.stdin, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8-sig", errors="surrogateescape")
        return _check("standard input", sys.stdin, as_json)
    try:
        with open(name, encoding="utf-8-sig", errors="surrogateescape") as lines:
            return _check(name, lines, as_json)
    except OSError as error:
        print(f"ptera-selector: {name}: {error.strerror}", file=sys.stderr)
        return 2


def _check(name: str, lines: Iterable[str], as_json: bool) -> int:
    right = wrong = 0
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\n")
        if not text.strip() or text.lstrip().startswith("//"):
            continue
        try:
            selector = parse(text)
        except SelectorSyntaxError as error:
            wrong += 1
            print(f"{name}:{number}:{error.column}: {error}\n", file=sys.stderr)
        else:
            right += 1
            if as_json:
                print(to_json(selector))
    if not as_json:
        print(f"{_counted(right + wrong)}, {wrong or 'none'} wrong")
    return 2 if wrong else 0


def _counted(number: int) -> str:
    return f"{number} selector" if number == 1 else f"{number} selectors"


if __name__ == "__main__":
    sys.exit(main())
