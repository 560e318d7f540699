"""Trees drawn, and in words."""

from textwrap import dedent

import pytest

from ptera_selector import draw, in_words, parse


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("x", "*\n└── !x"),
        ("f{}", "f"),
        (
            "> f:C[0]{x, !!y, a=1, g{b, >> h{c}}} >> k[$i] as r",
            """\
            > f:C[0]
            ├── x
            ├── !!y
            ├── a=1
            ├── > g
            │   ├── b
            │   └── >> h
            │       └── c
            └── >> k[$i]
                └── !#value as r""",
        ),
        ("f{>> x} >> $p:C", "f\n├── >> x\n└── >> !$p:C"),
    ],
)
def test_drawing(text: str, drawn: str) -> None:
    assert draw(parse(text)) == dedent(drawn)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f{x} > y", "each time `y` is set in `f`: `y` and all values of `x`"),
        ("x", "each time `x` is set in any function: `x`"),
        ("f > x as y", "each time `x` is set in `f`: `x` as `y`"),
        (
            "f >> x",
            "each time `x` is set in `f` or at any depth below it: `x`",
        ),
        (
            "f{a} > g >> h[0]{b as c} > x",
            "each time `x` is set in `h[0]`, at any depth below `g`, called by `f`: "
            "`x`, all values of `a` in `f` and all values of `b` as `c`",
        ),
        (
            "> f > x",
            "each time `x` is set in `f`, with nothing above it: `x`",
        ),
        (
            "step{!!loss} >> $param:Parameter",
            "each time any variable of category `Parameter` is set in `step` or at any depth "
            "below it: the variable as `param` and all values of `loss` in `step` (the target)",
        ),
        ("f() as r", "each time `f` returns: `#value` as `r`"),
        ("f > #enter", "each time `f` is entered: `#enter`"),
        ("f > #exit", "each time `f` is left: `#exit`"),
        ("f > #error", "each time `f` raises: `#error`"),
        ("f > #yield", "each time `f` yields: `#yield`"),
        ("f > #receive", "each time `f` goes on after a yield: `#receive`"),
        ("f > #key", "each time `f` is entered with a key: `#key`"),
        ("f > #loop_i", "each time the loop over `i` begins a pass in `f`: `#loop_i`"),
        ("f > #endloop_i", "each time the loop over `i` ends a pass in `f`: `#endloop_i`"),
        (
            "f{x, y:C}",
            "for each run of `f`: all values of `x` and all values of `y` of category `C`",
        ),
        ("f{}", "for each run of `f`: nothing, to be counted"),
        (
            "f[0]{x=1, y~p, :C, g{a, z='b c'}, >> h{}} > w",
            """\
            each time `w` is set in `f[0]`: `w` and all values of `a` in `g`, called by `f[0]`
            only where `x` is 1 in `f[0]`
            only where `p` is true of `y` in `f[0]`
            only where there is any variable of category `C` in `f[0]`
            only if there is a run of `g`, called by `f[0]`
            only where `z` is "b c" in `g`, called by `f[0]`
            only if there is a run of `h`, at any depth below `f[0]`""",
        ),
    ],
)
def test_words(text: str, words: str) -> None:
    assert in_words(parse(text)) == dedent(words)
