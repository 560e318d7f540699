"""What to say of a token that cannot continue: what was found, what was expected, what to write.

A hint is found by example: each stands with texts in which the slip is made, and belongs to any
text in which the parser is stuck in the same place by the same kind of token.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from ptera_selector._engine import StuckError, accepts, reduce, run, stack_after
from ptera_selector._errors import SelectorSyntaxError, shown
from ptera_selector._scan import END, NAME, UNKNOWN, Token, place
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

_OPEN_QUOTE = "A string ends on its line, with the quote that it begins with."
_COMPARISON = "Only `=` compares with a value; write a function for anything else: `x~pred`."

# Of a character that begins no token.
_CHARACTERS = {
    "<": _COMPARISON,
    "-": '`-` stands only in numbers: `x=-1`. Quote a word that has one: `x="a-b"`.',
    "+": "Write a positive number without `+`.",
    ".": "A dot stands between names, without spaces: `self.x`.",
    "?": "For any variable write `$x`, for any function `*`.",
    "|": "Alternatives cannot be written: use a selector for each.",
    ";": "One text is one selector.",
    "%": "A value is a number, a word or a quoted string.",
}

HINTS: dict[str, tuple[str, ...]] = {
    "A selector is at least a variable: `x`, or a function and a variable: `f > x`.": ("",),
    "`>` is directly inside, `>>` at any depth; there is no `>>>`.": ("f >>> x", "f{>>> x}"),
    "`>` asks for the outermost call; `>>` needs a function on its left.": (">> x",),
    "`!` marks the focus and `!!` the target; there is no `!!!`.": ("!!!x", "f{!!!x}", "f > !!!x"),
    "Write `f > x` for a variable `x` of `f`, or both in braces: `f{x, y}`.": (
        "a b",
        "f{x} y",
        "a[0] b",
        "f > a b",
        "f{x} as y z",
        "x:C y",
    ),
    "Items in braces stand with a comma between them: `f{x, y}`.": (
        "f{x y}",
        "f{x=1 y}",
        "f{x as z y}",
        "f{x:C y}",
        "f{g{x} y}",
        "f{$x y}",
        "f{!x y}",
        "f{g[0] y}",
        "f{x !y}",
        "f{x=1 !y}",
        "f{g{x} !y}",
        "f{x $y}",
        "f{x=1 $y}",
        "f{g > x y}",
    ),
    "Several variables stand in the braces of their function: `f{x, y}`.": (
        "x, y",
        "f{x}, y",
        "f > x, y",
        "f[0], y",
        "$x, y",
        "x as z, y",
    ),
    "To mark the focus, put `!` before a variable in braces: `f{x, !y}`.": (
        "a ! b",
        "a !b",
        "f{x} !y",
        "f{x}!",
        "a !! b",
    ),
    "Nothing stands between two commas.": ("f{x,, y}", "f{,}", "f{, x}"),
    "A call has one group of captures: `f{x, y}`.": ("f{x}{y}", "f[0]{x}{y}", "g > f{x}{y}"),
    "A call has one key.": ("f[1][2]", "f[$i][$j]"),
    "The key stands before the captures: `f[0]{x}`.": ("f{x}[0]", "f{}[0]"),
    "The result is named after the captures: `f{x} as r`.": (
        "f[0] as r{x}",
        "f{} as r{x}",
        "f as r{x}",
    ),
    "A key is a value or a name to capture it: `f[0]`, `f[word]`, `f[$i]`.": (
        "f[]",
        "f[!x]",
        "f[*]",
        "f[:C]",
        "f[#key]",
    ),
    "There is one key: `f[0]`.": ("f[0, 1]", "f[$i, $j]"),
    "A key is only compared with one value: write `f{#key~pred}` for anything else.": ("f[x=1]",),
    "A capture has one name.": ("x as y as z", "f{x as y as z}", "f{} as r as s"),
    "A capture's name is a word: `x as y`.": (
        "x as",
        "f{x as, y}",
        "x as 1",
        "x as *",
        "x as 'y'",
        "x as $y",
        "x as #y",
        "x as !y",
        "x as @y",
        "x as (y)",
        "x as {y}",
        "x as [y]",
        "x as /y",
    ),
    "A capture's name is one word, without dots.": ("x as a.b", "$a.b", "f[$a.b]"),
    "`$x` is given its name there already: write `$y`.": ("$x as y", "f{$x as y}", "f{$x:C as y}"),
    "Any variable is captured under a name: `$x`.": (
        "$",
        "f{$, x}",
        "$*",
        "$1",
        "$'x'",
        "$$x",
        "$#x",
        "$!x",
    ),
    "A filter needs the name of a variable; for any variable of a category write `:C`.": (
        "f{$x=1}",
        "f{*=1}",
        "f{:C=1}",
        "f{*:C=1}",
        "f{$x~p}",
        "f{*~p}",
        "f{:C~p}",
    ),
    "The category stands before `as`: `x:C as y`.": ("x as y:C", "f{x as y:C}"),
    "The category stands right after the name: `f:C{x}`, `f:C[0]`.": ("f{x}:C", "f[0]:C"),
    "One variable has one category; put several in parentheses: `x:(A & B)`.": (
        "x:A:B",
        "x:A & B",
        "f{x:A & B}",
        "f{:A & B}",
        "f{$x:A & B}",
        "f{x:A:B}",
        "f:A & B{x}",
    ),
    "For one of several categories, use a selector for each.": ("x:(A, B)", "f{x:(A, B)}"),
    "The value of a call is captured with braces: `f{} as r`.": ("f as r > x",),
    "A filter stands in the braces of its function: `f{x=1} > y`.": (
        "x=1",
        "x = 1 > y",
        "f > x=1",
        "f > x:C=1",
        "f{g > x=1}",
        "x~p",
        "f > x~p",
        "f{x}=1",
        "x:C=1",
    ),
    "The focus carries no filter; write one beside it: `f{x=1, !x}`.": (
        "f{!x=1}",
        "f{!x~p}",
        "f{!x:C=1}",
        "!x=1",
        "f{x as y=1}",
        "f{x as y~p}",
    ),
    "A filter has nothing on its right: write `f{x=1} > y`.": ("f{x=1 > y}", "f{x~p > y}"),
    "A filter captures nothing; write the capture beside it: `f{x=1, x as y}`.": (
        "f{x=1 as y}",
        "f{x~p as y}",
    ),
    "Equality is written with one `=`: `x=1`.": ("f{x==1}",),
    _COMPARISON: (
        "f{x > 1}",
        "f{x >= 1}",
        "f{x:C > 1}",
    ),
    "A value is a number, a word or a quoted string: `x=1`, `x=word`, `x='a b'`.": (
        "f{x=}",
        "f{x=$y}",
        "f{x=#y}",
        "f{x=(1)}",
        "f{x=[1]}",
        "f{x={1}}",
        "f{x=*}",
        "f{x=/a}",
        "f{x=!y}",
    ),
    "A function is found by its name: `x~pred`, `x~math.isfinite`.": (
        "f{x~}",
        "f{x~1}",
        "f{x~'p'}",
        "f{x~*}",
        "f{x~/m/p}",
    ),
    "The function is named, not called: `x~pred`.": ("f{x~p(1)}", "f{x~p{1}}", "f{x~p[1]}"),
    "A category is a name: `x:C`, a tag: `x:@C`, or several: `x:(A & B)`.": (
        "x:",
        "f{x:}",
        "f{x:1}",
        "f{x:*}",
        "f{x:$C}",
        "f{x:'C'}",
        "f{x:}",
        "x:!C",
        "f{x:(A & )}",
        "f{x:()}",
    ),
    "To have any variable of a category as the focus, name it: `$x:C`.": (
        "f > :C",
        "f{!:C}",
        "f{g > :C}",
        "f > *:C",
        "f > *",
        "f{!*}",
        "f{!*:C}",
        "f{g > *}",
        "*",
        "*:C",
        ":C",
    ),
    "Only a variable can be the focus or the target; for the value of a call: `f{!#value}`.": (
        "f{!g{x}}",
        "f{!g[0]}",
        "!f{x}",
        "f{!/m/g}",
        "f{!(x)}",
        "!(x)",
        "f{!g > x}",
        "f > !g > x",
    ),
    "Only a function stands on the left of `>`; this is a variable.": (
        "$x > y",
        "f > $x > y",
        "#enter > x",
        "* as x > y",
        "f{$x > y}",
        "f{#enter > x}",
        "f{:C > y}",
    ),
    "A point belongs to a function, and has nothing inside: `f > #value`.": (
        "#value{x}",
        "f > #value{x}",
        "#value[0]",
        "f{#value[0]}",
        "f{#value{x}}",
    ),
    "A path names a function: write `/m/f > x`, or `/m/f{}` for the call.": (
        "/m/f",
        "f > /m/g",
        "f{/m/g}",
        "f{/m/g, x}",
        "/m/f as r",
        "f{/m/g=1}",
    ),
    "A group stands after the name of its function: `f{x}`, `*{x}`.": (
        "{x}",
        "f > {x}",
        "f{{x}}",
        "> {x}",
        "!{x}",
    ),
    "A key stands after the name of its function: `f[0]`.": ("[0]", "f > [0]", "f{[0]}"),
    "Parentheses stand around a chain; nothing follows them: `a > (b > c)`.": (
        "(a){x}",
        "(a)[0]",
        "(a) as b",
        "(a > b){x}",
        "f{(a){x}}",
    ),
    "Categories stand after a name: `x:@C`, `f{:@C}`.": ("@C", "f{@C}", "f > @C"),
    "A value stands after `=`: `f{x=1}`.": ("1", "'x'", "f > 1", "f > 'x'", "f{1}", "f{'x'}"),
}


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
        return SelectorSyntaxError(text, token.at, reason, _OPEN_QUOTE)
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
        return _COMPARISON
    return _bracket_hint(token, _open(before)) or _CHARACTERS.get(token)


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
