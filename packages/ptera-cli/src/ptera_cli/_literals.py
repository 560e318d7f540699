"""Reading literals: numbers as people who train models write them, JSON, Python displays."""

import ast
import re

__all__ = ["literal", "whole_number"]

# Not compiled here: most whole numbers are plain digits.
_WHOLE = r"[+-]?\d+(_\d+)*"
_BASED = r"[+-]?0[xXoObB][\da-fA-F_]+"
_SCIENTIFIC = r"[+-]?(\d[\d_]*)?\.?(\d[\d_]*)?([eE][+-]?\d+)?"
_MOST_DIGITS = 4000

_WORDS = {"true": True, "false": False, "null": None}


def whole_number(text: str) -> int | None:
    """Reads a whole number, however it is written, and never rounds.

    Examples:
        >>> [whole_number(text) for text in ("12", "1e6", "1_000", "0x10", "2.50e2", "-3")]
        [12, 1000000, 1000, 16, 250, -3]
        >>> whole_number("1.5") is None
        True
    """
    text = text.strip()
    if text.isdecimal() or re.fullmatch(_WHOLE, text):
        return int(text) if len(text) < _MOST_DIGITS else None
    if re.fullmatch(_BASED, text):
        try:
            return int(text, 0)
        except ValueError:
            return None
    return _whole_decimal(text) if re.fullmatch(_SCIENTIFIC, text) else None


def _whole_decimal(text: str) -> int | None:
    """Reads `1e6` and `2.50e2` exactly: through a float, `1e23` would be another number."""
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else None


def literal(text: str) -> object:
    """Reads JSON or a Python literal; any other text is itself.

    Returns:
        The value, or the same string object if the text is no literal.

    Examples:
        >>> [literal(t) for t in ("3", "1e-3", "true", "None", "[1, 2]", "(1, 2)", "relu")]
        [3, 0.001, True, None, [1, 2], (1, 2), 'relu']
    """
    stripped = text.strip()
    if stripped in _WORDS:
        return _WORDS[stripped]
    try:
        value: object = ast.literal_eval(stripped)
        return value
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if not stripped.startswith(("[", "{", '"')):
        return text
    import json

    try:
        value = json.loads(stripped)
        return value
    except (ValueError, RecursionError):
        return text
