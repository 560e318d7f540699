"""What is said of a text that is no selector, whole, and where it points."""

import copy
import pickle
from textwrap import dedent
from typing import cast

import pytest

from ptera_selector import SelectorSyntaxError, parse
from ptera_selector._slips import HINTS


def error_of(text: str) -> SelectorSyntaxError:
    with pytest.raises(SelectorSyntaxError) as caught:
        parse(text)
    return caught.value


def test_error_has_its_parts() -> None:
    error = error_of("f{x y}")
    assert isinstance(error, ValueError)
    assert (error.text, error.line, error.column) == ("f{x y}", 1, 5)
    assert error.hint == "Items in braces stand with a comma between them: `f{x, y}`."


MESSAGES = [
    """\
    found the end, expected `>`, `>>`, `{`, `[`, `as`, `:`, `,` or `}` (column 8)

        f{x > y
               ^

    The `{` in column 2 is never closed.""",
    """\
    found `}`, expected `>`, `>>`, `{`, `[`, `as`, `:`, `=`, `~`, `,` or `)` (column 4)

        f(x} > y
           ^

    The `(` in column 2 is closed by `)`.""",
    """\
    found `}`, expected `>`, `>>`, `{`, `[`, `as`, `:` or the end (column 6)

        f > x}
             ^

    Nothing is open that `}` could close.""",
    """\
    this ' is never closed (column 5)

        f(x='abc) > y
            ^

    A string ends on its line, with the quote that it begins with.""",
    """\
    found `>`, expected a variable or a function after `>>` (column 5)

        f >>> x
            ^

    `>` is directly inside, `>>` at any depth; there is no `>>>`.""",
    """\
    a second focus: only one variable can have `!` (column 7)

        a{!b, !c}
              ^

    Leave out one `!`: the other variables are captured all the same.""",
    """\
    a second focus: the variable at the right end of `>` is already the focus (column 3)

        f{!x} > y
          ^

    Leave out this `!`, or put the variable at the right end in braces: `f{!x, y}`.""",
    """\
    a second target: only one variable can have `!!` (column 8)

        f{!!x, !!y}
               ^""",
    """\
    a second capture named `x` (column 11)

        f{x, y as x} > z
                  ^

    Give one of them another name with `as`.""",
    """\
    a second filter on `x` in one call (column 8)

        f(x=1, x=2) > y
               ^

    To ask for more than a value, write a function: `x~pred`.""",
    """\
    found the end, expected a name after `as` (column 5)

        x as
            ^

    A capture's name is a word: `x as y`.""",
    """\
    found `as`, expected a variable or a function after `>` (column 5)

        a > as
            ^

    `as` is reserved: it gives a capture its name, `x as y`.""",
    """\
    found the end, expected a name after `$` (column 2)

        $
         ^

    Any variable is captured under a name: `$x`.""",
    """\
    expected the name of a point after `#` (column 2)

        #
         ^

    The points are `#enter`, `#exit`, `#value`, `#error`, `#yield`, `#receive`, `#key`.""",
    """\
    there is no point `#vlaue` (column 5)

        f > #vlaue
            ^

    Did you mean `#value`? The points are `#enter`, `#exit`, `#value`, `#error`, `#yield`, \
`#receive`, `#key`, and `#loop_x` and `#endloop_x` of a loop over `x`.""",
    """\
    found `%`, expected a variable or a function (column 1)

        %a
        ^

    A value is a number, a word or a quoted string.""",
    """\
    found `=`, expected `>`, `>>`, `{`, `[`, `as`, `:` or the end (column 6)

        f > x=1 > y
             ^

    A filter stands in the braces of its function: `f{x=1} > y`.""",
    """\
    `/pkg.mod/f.g` is no path to a function (column 11)

        /pkg.mod/f.g > x
                  ^

    Write `/pkg.mod/function`, `/pkg.mod/Class/method`, `/pkg.mod/*` or `/pkg.**/*`.""",
    """\
    `\\q` is no escape (column 6)

        f{x='\\q'}
             ^

    Escapes are \\n \\t \\r \\0 \\\\ \\' \\" \\xhh \\uhhhh \\Uhhhhhhhh; write `\\\\` for \
a backslash.""",
    """\
    `1e999` is beyond the largest float (column 5)

        f{x=1e999}
            ^""",
    """\
    `>` cannot follow these parentheses: only one call can stand on its left (column 12)

        (a > b{x}) > c
                   ^

    Parentheses group what is on the right: `a > (b > c)`.""",
]


@pytest.mark.parametrize("message", [dedent(message) for message in MESSAGES])
def test_message(message: str) -> None:
    text = message.split("\n")[2][4:]
    assert str(error_of(text)) == message


def test_message_of_the_empty_text() -> None:
    assert str(error_of("")) == (
        "found the end, expected a variable or a function (column 1)\n\n\n    ^\n\n"
        "A selector is at least a variable: `x`, or a function and a variable: `f > x`."
    )


@pytest.mark.parametrize("hint", HINTS)
def test_slip_has_its_hint(hint: str) -> None:
    for text in HINTS[hint]:
        assert (text, error_of(text).hint) == (text, hint)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("!", 2),
        ("$", 2),
        ("%a", 1),
        ("a ! b", 3),
        ("a b", 3),
        ("a[1][2]", 5),
        ("a[]", 3),
        ("as b", 1),
        ("a{b", 4),
        ("a{b   ", 7),
        ("a{b}{c}", 5),
        ("a{x} > ", 8),
        ("f{x as 1}", 8),
        ("!!!x", 3),
        ("f{$}", 4),
        ("f{x as}", 7),
        ("f{x as as}", 8),
        ("f{$as}", 4),
        ("x=1", 2),
        ("f > *", 6),
        ("*", 2),
        ("f > :C", 5),
        ("f{!*}", 5),
        ("f{!:C}", 4),
        ("f{!x=1}", 5),
        ("f{!g{x}}", 5),
        ("f{$x=1}", 5),
        ("f as r > x", 8),
        ("#value > x", 8),
        ("x=as", 2),
        ("f{x=as}", 5),
        ("f[as]", 3),
        ("f{x as a.b}", 8),
        ("a.", 2),
        ("a.b.", 4),
        ("-1", 1),
        ("f{x=-}", 5),
        ("f{x=1.2.3}", 8),
        (">> x", 1),
        ("/", 2),
        ("/m", 3),
        ("/m/ > x", 4),
        ("/m.** > x", 6),
        ("/m.**/f > x", 7),
        ("/m/*/f > x", 5),
        ("/m/f", 5),
        ("f{x:(A, B)}", 7),
        ("f{x, x}", 6),
        ("f{x as r} as r", 14),
        ("f[$i]{i}", 7),
        ("f[0]{#key=1}", 6),
        ("f{x=1, x~p}", 8),
        ("f{g > c, h > d}", 14),
        ("f{g > c, !d}", 10),
        ("f{!d, g > c}", 3),
        ("f{!x, !y z", 7),
        ("f{!!x, !!y %", 8),
        ("x²", 2),
        ("f > a→b", 6),
        ("＞", 1),
        ("f{x='a\nb'}", 5),
    ],
)
def test_column_is_that_of_the_first_token_that_cannot_continue(text: str, column: int) -> None:
    assert error_of(text).column == column


def test_line_of_a_selector_over_several_lines() -> None:
    error = error_of("f{\n  x\n  y\n}")
    assert (error.line, error.column) == (3, 3)
    assert str(error) == dedent(
        """\
        found `y`, expected `>`, `>>`, `{`, `[`, `as`, `:`, `=`, `~`, `,` or `}` (line 3, column 3)

              y
              ^

        Items in braces stand with a comma between them: `f{x, y}`."""
    )


def test_only_a_part_of_a_long_line_is_shown() -> None:
    text = f"f{{{', '.join(f'x{i}' for i in range(1000))} y}}"
    shown, caret = str(error_of(text)).split("\n")[2:4]
    assert len(shown) < 120
    assert shown[caret.index("^") :] == "y}"


def test_caret_stands_below_wide_and_combining_letters() -> None:
    shown, caret = str(error_of("名{e\u0301 y}")).split("\n")[2:4]
    assert (shown, caret) == ("    名{e\u0301 y}", "    " + " " * len("NN{e ") + "^")


@pytest.mark.parametrize("character", ["\0", "\ud800", "\x1b", "\u2028"])
def test_characters_that_cannot_be_seen_are_named(character: str) -> None:
    message = str(error_of(f"f{character}x" if not character.isspace() else "\x7f"))
    assert message.isprintable() or "\n" in message
    assert character not in message


@pytest.mark.parametrize("text", ["f{x y}", "f{x, x}", "%", "", '"', "f{x=\\}"])
def test_nothing_of_lark_reaches_the_user(text: str) -> None:
    error = error_of(text)
    assert "lark" not in str(error).lower()
    assert "$END" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def test_error_can_be_copied_and_pickled() -> None:
    error = error_of("f{x y}")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(other) == str(error)
        assert (other.line, other.column, other.hint) == (error.line, error.column, error.hint)


def test_text_must_be_a_string() -> None:
    with pytest.raises(TypeError, match="a selector is a string"):
        parse(cast(str, None))
