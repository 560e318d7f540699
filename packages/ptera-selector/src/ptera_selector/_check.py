"""What a token must be beyond its shape, and the static rules of the language."""

import re
import unicodedata
from difflib import get_close_matches

from ptera_selector._errors import SelectorSyntaxError

POINTS = ("#enter", "#exit", "#value", "#error", "#yield", "#receive", "#key")
_LOOP_POINT = re.compile(r"#(?:end)?loop_[^\W\d]\w*")

_NAME = r"[^\W\d]\w*"
# As much of a path as is well formed, and no more.
_PATH_START = re.compile(
    rf"/(?:{_NAME}(?:\.{_NAME})*(?:\.\*\*(?:/\*?)?|\.|/(?:\*|{_NAME}(?:/{_NAME})*/?)?)?)?"
)
_PATH = re.compile(rf"/{_NAME}(?:\.{_NAME})*(?:\.\*\*/\*|/\*|(?:/{_NAME})+)")

_CONSTANTS = {"True": True, "False": False, "None": None}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


def normal(name: str) -> str:
    """The name as Python keeps it: identifiers are normalised (`ﬁ` is `fi`)."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def variable_name(text: str, token: re.Match[str]) -> str:
    """The name of a variable; a point must be one that exists."""
    name = token.group()
    if name[0] == "#" and name not in POINTS and _LOOP_POINT.fullmatch(name) is None:
        raise _unknown_point(text, name, token.start())
    return normal(name)


def _unknown_point(text: str, name: str, at: int) -> SelectorSyntaxError:
    if name == "#":
        reason = "expected the name of a point after `#`"
        return SelectorSyntaxError(text, at + 1, reason, f"The points are {_listed(POINTS)}.")
    close = get_close_matches(name, [*POINTS, "#loop_", "#endloop_"], 1, 0.5)
    hint = f"Did you mean `{_with_example(close[0])}`? " if close else ""
    known = f"The points are {_listed(POINTS)}, and `#loop_x` and `#endloop_x` of a loop over `x`."
    return SelectorSyntaxError(text, at, f"there is no point `{name}`", hint + known)


def _with_example(point: str) -> str:
    return f"{point}x" if point.endswith("_") else point


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def check_path(text: str, path: str, at: int) -> None:
    """Refuse a path that is not `/module/name...`, `/module/*` or `/package.**/*`."""
    if _PATH.fullmatch(path):
        return
    good = _PATH_START.match(path)
    end = 1 if good is None else good.end()
    reason = f"`{path}` is no path to a function"
    hint = "Write `/pkg.mod/function`, `/pkg.mod/Class/method`, `/pkg.mod/*` or `/pkg.**/*`."
    raise SelectorSyntaxError(text, at + end, reason, hint)


def number(text: str, token: re.Match[str]) -> int | float:
    """The value of a number."""
    digits = token.group()
    try:
        return int(digits)
    except ValueError:
        pass
    value = _float(digits)
    if value is None:
        reason = f"a number of {len(digits)} digits is more than Python reads"
        raise SelectorSyntaxError(text, token.start(), reason)
    if value in (float("inf"), float("-inf")):
        raise SelectorSyntaxError(text, token.start(), f"`{digits}` is beyond the largest float")
    return value


def _float(digits: str) -> float | None:
    return float(digits) if re.search(r"[.eE]", digits) else None


def string(text: str, token: re.Match[str]) -> str:
    """The value of a quoted string."""
    inside = token.group()[1:-1]
    if "\\" not in inside:
        return inside

    def value(escape: re.Match[str]) -> str:
        code = escape[1] or escape[2] or escape[3]
        known = _ESCAPED.get(escape[4]) if code is None else _character(int(code, 16))
        if known is None:
            raise _unknown_escape(text, escape.group(), token.start() + 1 + escape.start())
        return known

    return _ESCAPE.sub(value, inside)


def _character(code: int) -> str | None:
    return chr(code) if code <= 0x10FFFF else None


def _unknown_escape(text: str, escape: str, at: int) -> SelectorSyntaxError:
    hint = "Escapes are \\n \\t \\r \\0 \\\\ \\' \\\" \\xhh \\uhhhh \\Uhhhhhhhh; write `\\\\` for a backslash."
    return SelectorSyntaxError(text, at, f"`{escape}` is no escape", hint)


def word_value(word: str) -> object:
    """The value of a bare word: a constant of Python, or the string."""
    return _CONSTANTS[word] if word in _CONSTANTS else normal(word)


def second_focus(text: str, at: int, *, implied: bool = False) -> SelectorSyntaxError:
    """The error of two focuses."""
    if implied:
        reason = "a second focus: the variable at the right end of `>` is already the focus"
        hint = "Leave out this `!`, or put the variable at the right end in braces: `f{!x, y}`."
    else:
        reason = "a second focus: only one variable can have `!`"
        hint = "Leave out one `!`: the other variables are captured all the same."
    return SelectorSyntaxError(text, at, reason, hint)


def second_target(text: str, at: int) -> SelectorSyntaxError:
    """The error of two targets."""
    return SelectorSyntaxError(text, at, "a second target: only one variable can have `!!`")


def second_name(text: str, name: str, at: int) -> SelectorSyntaxError:
    """The error of two captures with one name."""
    hint = "Give one of them another name with `as`."
    return SelectorSyntaxError(text, at, f"a second capture named `{name}`", hint)


def second_filter(text: str, variable: str, at: int) -> SelectorSyntaxError:
    """The error of two filters on one variable."""
    name = "the key" if variable == "#key" else f"`{variable}`"
    hint = "To ask for more than a value, write a function: `x~pred`."
    return SelectorSyntaxError(text, at, f"a second filter on {name} in one call", hint)
