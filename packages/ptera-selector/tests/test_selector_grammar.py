"""The grammar file, as Lark itself reads it."""

import logging
from importlib.resources import files

import lark
import pytest

from ptera_selector import SelectorSyntaxError, parse
from ptera_selector._slips import HINTS

GRAMMAR = files("ptera_selector").joinpath("grammar.lark").read_text("utf-8")


def test_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="lark"):
        lark.Lark(GRAMMAR, parser="lalr", lexer="basic", debug=True)
    assert "conflict" not in caplog.text.lower()


RIGHT = [
    *("x", "f > x", "f >> g > x", "> f{x, !y, !!z,}", "f{g{c}, !d}", "f{>> g{c}, > h > x}"),
    *("f{x as y} as r > z", "$x:C", "* as x", "*:C as x", "f{:C, *, *:D}", "x:(A & @B)", "x::@C"),
    *("f{x=1, y='a b', z=word, a.b:C=None, #value=2}", "f{x~p, y:C~m.p}", "f[3]", "f:C[$i]{x}"),
    *("/m.sub/f{x}", "/m.**/* > x", "f > #loop_i", "a > (b > (c > d))", "(f{x}) > y", "f{>> x=1}"),
]


def test_lark_takes_what_is_a_selector() -> None:
    parser = lark.Lark(GRAMMAR, parser="lalr", lexer="basic")
    for text in RIGHT:
        assert parse(text) is not None
        assert parser.parse(text) is not None


def test_lark_stops_where_an_error_is() -> None:
    parser = lark.Lark(GRAMMAR, parser="lalr", lexer="basic")
    for text in [text for texts in HINTS.values() for text in texts]:
        with pytest.raises(SelectorSyntaxError) as ours:
            parse(text)
        with pytest.raises(lark.UnexpectedInput) as theirs:
            parser.parse(text)
        at = theirs.value.pos_in_stream
        token = getattr(theirs.value, "token", None)
        is_end = token is not None and token.type == "$END"
        column = len(text) + 1 if is_end or at is None else at + 1
        assert (text, ours.value.column) == (text, column)
