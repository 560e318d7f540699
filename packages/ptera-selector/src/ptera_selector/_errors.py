"""The one error of the language, and how it is shown."""

# What is shown of a long line, around the place of the error.
_SHOWN = 100
# And of a token that is named in a message.
_SHOWN_OF_TOKEN = 40


class SelectorSyntaxError(ValueError):
    """A text that is no selector.

    Attributes:
        text: The whole text.
        line: The line of the first token that cannot continue, from 1.
        column: Its column in that line, from 1; one past the end where the text ends too early.
        reason: What was found there, and what was expected.
        hint: What to write instead, if there is a good guess.

    Examples:
        >>> from ptera_selector import parse
        >>> try:
        ...     parse("f > > x")
        ... except SelectorSyntaxError as error:
        ...     print(error.column)
        5
    """

    # Where a user imports it from: a traceback shows this.
    __module__ = "ptera_selector"

    def __init__(self, text: str, offset: int, reason: str, hint: str | None = None) -> None:
        """Describe an error.

        Args:
            text: The whole text.
            offset: Where in the text the error is, from 0; its length for the end.
            reason: What was found there, and what was expected.
            hint: What to write instead.
        """
        # All the arguments, so that the error can be copied and pickled.
        super().__init__(text, offset, reason, hint)
        self.text = text
        self.line = text.count("\n", 0, offset) + 1
        self.column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        line = f"line {self.line}, " if "\n" in self.text else ""
        where = f"{line}column {self.column}"
        shown = f"{self.reason} ({where})\n\n{self._caret()}"
        return shown if self.hint is None else f"{shown}\n\n{self.hint}"

    def _caret(self) -> str:
        line = self.text.split("\n")[self.line - 1]
        at = self.column - 1
        start = max(0, min(at - _SHOWN // 2, len(line) - _SHOWN))
        before, after = _printable(line[start:at]), _printable(line[at : start + _SHOWN])
        left = "..." if start else ""
        right = "..." if start + _SHOWN < len(line) else ""
        indent = " " * (len(left) + sum(_width(char) for char in before))
        return f"    {left}{before}{after}{right}".rstrip() + f"\n    {indent}^"


def shown(token: str) -> str:
    """A token in backticks, as much of it as a message can take."""
    return f"`{token}`" if len(token) <= _SHOWN_OF_TOKEN else f"`{token[:_SHOWN_OF_TOKEN]}...`"


def _printable(text: str) -> str:
    return "".join(map(_printable_character, text))


def _printable_character(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\ufffd"


def _width(char: str) -> int:
    if char.isascii():
        return 1
    # Here and not above: it is not needed for most errors, and most programs have no error.
    import unicodedata

    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
