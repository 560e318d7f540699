"""What to say of a token that cannot continue: what was found, what was expected, what to write.

A hint is found by example (`_slips`): it belongs to any text in which the parser is stuck in the
same place, by the same kind of token, as in one of its examples.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from ptera_selector._engine import StuckError, accepts, reduce, run, stack_after
from ptera_selector._errors import SelectorSyntaxError, shown
from ptera_selector._scan import END, NAME, UNKNOWN, Token, place
from ptera_selector._slips import CHARACTERS, COMPARISON, HINTS, OPEN_QUOTE
from ptera_selector._tables import State, Tables

_CLOSING = {"{": "}", "(": ")", "[": "]"}
_QUOTES = "'\""

# What is missing after a sign; `None` is the start of the text.
_MISSING = {
    None: "a variable or a function",
    ">": "a variable or a function after `>`",
    ">>": "a variable or a function after `>>`",
    "!": "a variable after `!`",
    "!!": "a variable after `!!`",
    "$": "a name after `$`",
    "as": "a name after `as`",
    ":": "a category after `:`",
    "::": "a category after `::`",
    "@": "the name of a tag after `@`",
    "&": "a category after `&`",
    "=": "a value after `=`",
    "~": "the name of a function after `~`",
    "[": "a key after `[`",
    "{": "a variable, a filter or a call after `{`",
    "(": "a variable, a filter or a call after `(`",
    ",": "a variable, a filter or a call after `,`",
}

# Signs in the order in which they are listed; `(` means what `{` means, and `::` what `:` means.
_LISTED = (">", ">>", "{", "[", "as", ":", "=", "~", ",", "&", "}", ")", "]", END)


def describe(
    tables: Tables, text: str, tokens: Sequence[Token], stuck: StuckError
) -> SelectorSyntaxError:
    """The error of a token that cannot continue.

    Args:
        tables: What the parser runs.
        text: The whole text.
        tokens: Its tokens, with the end.
        stuck: Where the parser stands.
    """
    index = next(index for index, token in enumerate(tokens) if token is stuck.token)
    token, before, after = tokens[index], tokens[:index], tokens[index + 1 :]
    if stuck.kind == UNKNOWN and token[0] in _QUOTES:
        reason = f"this {token[0]} is never closed"
        return SelectorSyntaxError(text, token.at, reason, OPEN_QUOTE)
    stack = stack_after(tables, before)
    reason = f"found {_found(token, stuck.kind)}, expected {_expected(stack, before)}"
    hint = _plain_hint(token, before, after, stack) or _shown_hint(tables, before, stuck.kind)
    return SelectorSyntaxError(text, token.at, reason, hint)


def _found(token: Token, kind: str) -> str:
    if kind == END:
        return "the end"
    if kind == UNKNOWN and not token.isprintable():
        return f"the character {ascii(str(token))}"
    return shown(token)


def _expected(stack: list[State], before: Sequence[Token]) -> str:
    if accepts(stack, NAME):
        if not before:
            return _MISSING[None]
        last = str(before[-1])
        in_category = last == "(" and not accepts(stack, "*")
        return "a category after `(`" if in_category else _MISSING[last]
    signs = [sign for sign in _LISTED if accepts(stack, sign)]
    named = ["the end" if sign == END else f"`{sign}`" for sign in signs]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def _plain_hint(
    token: Token, before: Sequence[Token], after: Sequence[Token], stack: list[State]
) -> str | None:
    """A hint that the token itself calls for, whatever the place."""
    if token == "as" and accepts(stack, NAME):
        return "`as` is reserved: it gives a capture its name, `x as y`."
    if token == "!" and after[0] == "=":
        return COMPARISON
    return _bracket_hint(token, _open(before)) or CHARACTERS.get(token)


def _shown_hint(tables: Tables, before: Sequence[Token], kind: str) -> str | None:
    """The hint of an example with the same slip."""
    shown_by = _examples(tables)
    slips = (shown_by.get(slip) for slip in _slips(tables, before, kind))
    return next((hint for hint in slips if hint is not None), None)


def _slips(tables: Tables, before: Sequence[Token], kind: str) -> Iterator[tuple[object, ...]]:
    """What an example and a text with the same slip have in common: first, the most of it."""
    opened = _open(before)
    bracket = "" if not opened else "[" if opened[-1] == "[" else "{"
    stack = stack_after(tables, before)
    read = stack[-1]
    # Where the parser got before it was stuck, for it looks one token ahead.
    stuck = reduce(stack, kind)
    yield bracket, kind, id(read), id(stuck)
    yield bracket, kind, id(stuck)


def _open(tokens: Sequence[Token]) -> list[Token]:
    """The brackets that are open after some tokens, which the parser took."""
    opened: list[Token] = []
    for token in tokens:
        if token in _CLOSING:
            opened.append(token)
        elif token in _CLOSING.values():
            opened.pop()
    return opened


def _bracket_hint(token: Token, opened: Sequence[Token]) -> str | None:
    if token == "" and opened:
        return f"The `{opened[-1]}` {_at(opened[-1])} is never closed."
    if token not in _CLOSING.values():
        return None
    if not opened:
        return f"Nothing is open that `{token}` could close."
    closing = _CLOSING[opened[-1]]
    if closing != token:
        return f"The `{opened[-1]}` {_at(opened[-1])} is closed by `{closing}`."
    return None


def _at(token: Token) -> str:
    return f"in column {token.at + 1}"


@cache
def _examples(tables: Tables) -> dict[tuple[object, ...], str]:
    """The hint of each slip that an example shows."""
    found: dict[tuple[object, ...], str] = {}
    for hint, texts in HINTS.items():
        for text in texts:
            tokens = tables.scanner.placed(text)
            try:
                run(tables, text, tokens)
            except StuckError as stuck:
                before = [token for token in tokens if token.at < place(stuck.token)]
                for slip in _slips(tables, before, stuck.kind):
                    found.setdefault(slip, hint)
    return found
