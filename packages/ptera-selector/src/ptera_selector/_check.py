"""What a token must be beyond its shape, and the static rules of the language."""

import math
import re
from difflib import get_close_matches

from ptera_selector._errors import SelectorSyntaxError, shown
from ptera_selector._scan import place

POINTS = ("#enter", "#exit", "#value", "#error", "#yield", "#receive", "#key")
# What letters a name may have, the scanner has seen to.
_NAME = r"[^\W\d][^./*]*"
_LOOP_POINT = re.compile(rf"#(?:end)?loop_{_NAME}")
# As much of a path as is well formed, and no more.
_PATH_START = re.compile(
    rf"/(?:{_NAME}(?:\.{_NAME})*(?:\.\*\*(?:/\*?)?|\.|/(?:\*|{_NAME}(?:/{_NAME})*/?)?)?)?"
)
_PATH = re.compile(rf"/{_NAME}(?:\.{_NAME})*(?:\.\*\*/\*|/\*|(?:/{_NAME})+)")

_CONSTANTS = {"True": True, "False": False, "None": None}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


def check_point(text: str, name: str) -> None:
    """Refuse a point that does not exist."""
    if name not in POINTS and _LOOP_POINT.fullmatch(name) is None:
        raise _unknown_point(text, name)


def _unknown_point(text: str, name: str) -> SelectorSyntaxError:
    if name == "#":
        reason = "expected the name of a point after `#`"
        hint = f"The points are {_listed(POINTS)}."
        return SelectorSyntaxError(text, place(name) + 1, reason, hint)
    close = get_close_matches(name, [*POINTS, "#loop_", "#endloop_"], 1, 0.5)
    hint = f"Did you mean `{_with_example(close[0])}`? " if close else ""
    known = f"The points are {_listed(POINTS)}, and `#loop_x` and `#endloop_x` of a loop over `x`."
    return SelectorSyntaxError(text, place(name), f"there is no point {shown(name)}", hint + known)


def _with_example(point: str) -> str:
    return f"{point}x" if point.endswith("_") else point


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def check_path(text: str, path: str) -> None:
    """Refuse a path that is not `/module/name...`, `/module/*` or `/package.**/*`."""
    if _PATH.fullmatch(path):
        return
    good = _PATH_START.match(path)
    end = 1 if good is None else good.end()
    reason = f"{shown(path)} is no path to a function"
    hint = "Write `/pkg.mod/function`, `/pkg.mod/Class/method`, `/pkg.mod/*` or `/pkg.**/*`."
    raise SelectorSyntaxError(text, place(path) + end, reason, hint)


def number(text: str, digits: str) -> int | float:
    """The value of a number."""
    if not any(sign in digits for sign in ".eE"):
        return _integer(text, digits)
    value = float(digits)
    if math.isinf(value):
        reason = f"{shown(digits)} is beyond the largest float"
        raise SelectorSyntaxError(text, place(digits), reason)
    return value


def _integer(text: str, digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        # Python limits the digits, because the time goes with their square.
        reason = f"a number of {len(digits)} digits is more than Python reads"
        raise SelectorSyntaxError(text, place(digits), reason) from None


def string(text: str, token: str) -> str:
    """The value of a quoted string."""
    inside = token[1:-1]
    if "\\" not in inside:
        return inside

    def value(escape: re.Match[str]) -> str:
        code = escape[1] or escape[2] or escape[3]
        known = _ESCAPED.get(escape[4]) if code is None else _character(int(code, 16))
        if known is None:
            raise _unknown_escape(text, escape.group(), place(token) + 1 + escape.start())
        return known

    return _ESCAPE.sub(value, inside)


def _character(code: int) -> str | None:
    return chr(code) if code <= 0x10FFFF else None


def _unknown_escape(text: str, escape: str, at: int) -> SelectorSyntaxError:
    known = r"Escapes are \n \t \r \0 \\ \' \" \xhh \uhhhh \Uhhhhhhhh"
    hint = f"{known}; write `\\\\` for a backslash."
    return SelectorSyntaxError(text, at, f"`{escape}` is no escape", hint)


def word_value(word: str) -> object:
    """The value of a bare word: a constant of Python, or the string."""
    return _CONSTANTS[word] if word in _CONSTANTS else word


def second_focus(text: str, token: str, *, implied: bool = False) -> SelectorSyntaxError:
    """The error of two focuses."""
    if implied:
        reason = "a second focus: the variable at the right end of `>` is already the focus"
        hint = "Leave out this `!`, or put the variable at the right end in braces: `f{!x, y}`."
    else:
        reason = "a second focus: only one variable can have `!`"
        hint = "Leave out one `!`: the other variables are captured all the same."
    return SelectorSyntaxError(text, place(token), reason, hint)


def second_target(text: str, token: str) -> SelectorSyntaxError:
    """The error of two targets."""
    reason = "a second target: only one variable can have `!!`"
    return SelectorSyntaxError(text, place(token), reason)


def second_name(text: str, first: str, second: str) -> SelectorSyntaxError:
    """The error of two captures with one name."""
    hint = "Give one of them another name with `as`."
    # Calls are closed from right to left: the one found second may be written first.
    at = max(place(first), place(second))
    return SelectorSyntaxError(text, at, f"a second capture named {shown(second)}", hint)


def second_filter(text: str, token: str) -> SelectorSyntaxError:
    """The error of two filters on one variable."""
    name = "the key" if token in ("#key", "[") else shown(token)
    hint = "To ask for more than a value, write a function: `x~pred`."
    return SelectorSyntaxError(text, place(token), f"a second filter on {name} in one call", hint)


def group_on_the_left(text: str, sign: str) -> SelectorSyntaxError:
    """The error of `(a > b{x}) > c`."""
    reason = f"`{sign}` cannot follow these parentheses: only one call can stand on its left"
    hint = "Parentheses group what is on the right: `a > (b > c)`."
    return SelectorSyntaxError(text, place(sign), reason, hint)
