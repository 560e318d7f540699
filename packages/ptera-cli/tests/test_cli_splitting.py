"""Command lines are split as cyclopts splits them: it is the reference that a run does without."""

from typing import Annotated, Any

import cyclopts
from hypothesis import given
from hypothesis import strategies as st

from ptera import default, ptera, tag
from ptera_cli import App, UsageError

HP = tag.HyperParameter


@ptera
def program() -> None:
    # [alias: -r]
    rate: Annotated[float, HP] = default(0.0)
    # [alias: -n]
    name: Annotated[str, HP] = default("")
    # [alias: -v]
    verbose: Annotated[bool, HP] = default(False)
    # [alias: -q]
    quiet: Annotated[bool, HP] = default(False)
    layer_sizes: Annotated[list[int], HP] = default([])
    pair: Annotated[tuple[int, int], HP] = default((0, 0))


OURS = App(program, prog="program")
THEIRS = cyclopts.App(result_action="return_value", version_flags=(), help_flags=())
P = cyclopts.Parameter


@THEIRS.default
def reference(
    *,
    rate: Annotated[float, P(name=["--rate", "-r"])] = 0.0,
    name: Annotated[str, P(name=["--name", "-n"])] = "",
    verbose: Annotated[bool, P(name=["--verbose", "-v"])] = False,
    quiet: Annotated[bool, P(name=["--quiet", "-q"])] = False,
    layer_sizes: Annotated[list[int], P(consume_multiple=True, negative=())] = [],  # noqa: B006 - as users write it
    pair: tuple[int, int] = (0, 0),
) -> None: ...


def ours(words: list[str]) -> dict[str, object] | None:
    try:
        return dict(OURS.parse(words).values)
    except UsageError:
        return None


def theirs(words: list[str]) -> dict[str, Any] | None:
    try:
        _, bound, _ = THEIRS.parse_args(words, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError:
        return None
    return dict(bound.arguments)


NUMBERS = st.sampled_from(["1", "-1", "2.5", "-1e-4", "0", "7"])
WHOLE = st.sampled_from(["1", "-2", "30", "0"])
TEXTS = st.sampled_from(["a", "b c", "x=y", "", "[1", "1e3"])


@st.composite
def option(draw: st.DrawFn, flags: tuple[str, ...], values: st.SearchStrategy[str]) -> list[str]:
    flag, value = draw(st.sampled_from(flags)), draw(values)
    return [f"{flag}={value}"] if draw(st.booleans()) else [flag, value]


PIECES = {
    "rate": option(("--rate", "-r"), NUMBERS),
    "name": option(("--name", "-n"), TEXTS),
    "verbose": st.sampled_from([["--verbose"], ["-v"], ["--no-verbose"], ["--verbose=false"]]),
    "quiet": st.sampled_from([["--quiet"], ["-q"], ["--no-quiet"]]),
    "layer_sizes": st.tuples(
        st.sampled_from(["--layer-sizes", "--layer_sizes"]), st.lists(WHOLE, min_size=1, max_size=3)
    ).map(lambda drawn: [drawn[0], *drawn[1]]),
    "pair": st.tuples(WHOLE, WHOLE).map(lambda drawn: ["--pair", *drawn]),
    "both": st.just(["-vq"]),
    "repeated": st.lists(WHOLE, min_size=1, max_size=2).map(
        lambda drawn: [word for value in drawn for word in ("--layer-sizes", value)]
    ),
}
MISTAKES = st.sampled_from(
    [["--rat", "1"], ["--zzz"], ["-z"], ["--rate", "x"], ["--rate"], ["loose"], ["--pair", "1"],
     ["--layer-sizes", "x"], ["-vz"]]
)  # fmt: skip


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    names = draw(st.lists(st.sampled_from(sorted(PIECES)), unique=True, max_size=4))
    # These say the same thing twice, which we allow and cyclopts does not.
    if "both" in names:
        names = [name for name in names if name not in ("verbose", "quiet")]
    if "repeated" in names:
        names = [name for name in names if name != "layer_sizes"]
    return [word for name in names for word in draw(PIECES[name])]


@given(command_lines())
def test_what_both_accept_they_read_alike(words: list[str]) -> None:
    expected = theirs(words)
    assert expected is not None, words
    assert ours(words) == expected


@given(command_lines(), MISTAKES)
def test_what_one_refuses_the_other_refuses(words: list[str], mistake: list[str]) -> None:
    line = [*words, *mistake]
    assert theirs(line) is None
    assert ours(line) is None
