"""Which options a program has: names, aliases, flags, positions, groups, commands."""

from dataclasses import replace
from typing import Annotated

import pytest

from ptera import Overlay, Tag, default, ptera, tag
from ptera_cli import App, DeclarationError, UsageError

HP = tag.HyperParameter
OTHER = tag.Other


@ptera
def inner() -> object:
    # How much of the old value is kept
    momentum: Annotated[float, HP] = default(0.9)
    T: Annotated[float, HP] = default(1.0)
    hidden: Annotated[int, OTHER] = default(0)
    both: Annotated[int, HP, OTHER] = default(0)
    return momentum, T, hidden, both


class Model:
    def forward(self, x: float) -> float:
        scale: Annotated[float, HP] = default(2.0)
        self.bias: Annotated[float, HP] = 1.0
        return x * scale + self.bias


def outer(x: int) -> int:
    def nested(y: int) -> int:
        step: Annotated[int, HP] = default(1)
        return y + step

    return nested(x)


@ptera
def train(data: Annotated[str, HP], epochs: Annotated[int, HP] = 1, other: int = 0) -> object:
    """Train a model.

    For as long as it takes.
    """
    # Size of a step, in [0, 1]
    # [alias: -l] [metavar: RATE]
    learning_rate: Annotated[float, HP] = default(0.1)
    # [aliases: -q --silent]
    # [negate: --loud]
    quiet: Annotated[bool, HP] = default(False)
    # [group: Optimiser]
    beta: Annotated[float, HP] = default(0.5)
    untyped: HP = default(3)  # type: ignore[valid-type]  # a tag alone, as users write it
    plain: Annotated[int, HP] = 4
    return (
        data, epochs, other, learning_rate, quiet, beta, untyped, plain, inner(), outer(1),
        Model().forward(1.0),
    )  # fmt: skip


APP = App(train, prog="train")


def values(*words: str, app: App = APP) -> dict[str, object]:
    given = dict(app.parse(["--data", "d", *words]).values)
    del given["data"]
    return given


def refused(*words: str, app: App = APP) -> str:
    with pytest.raises(UsageError) as caught:
        app.parse(words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--learning-rate", "1"], {"learning_rate": 1.0}),
        (["--learning_rate", "1"], {"learning_rate": 1.0}),
        (["--train.learning-rate", "1"], {"learning_rate": 1.0}),
        (["-l", "1"], {"learning_rate": 1.0}),
        (["-l1"], {"learning_rate": 1.0}),
        (["-l=-1"], {"learning_rate": -1.0}),
        (["-ql", "1"], {"quiet": True, "learning_rate": 1.0}),
        (["--silent"], {"quiet": True}),
        (["--no-quiet"], {"quiet": False}),
        (["--loud"], {"quiet": False}),
        (["--T", "2"], {"T": 2.0}),
        (["--momentum", "1"], {"momentum": 1.0}),
        (["--scale", "3"], {"scale": 3.0}),
        (["--bias", "3"], {"bias": 3.0}),
        (["--step", "3"], {"step": 3}),
        (["--untyped", "1e3"], {"untyped": 1000}),
        (["--epochs", "2"], {"epochs": 2}),
    ],
)
def test_spellings(words: list[str], expected: dict[str, object]) -> None:
    assert values(*words) == expected


def test_values_reach_every_kind_of_variable() -> None:
    assert APP.run(["--data", "d"]) == (
        "d", 1, 0, 0.1, False, 0.5, 3, 4, (0.9, 1.0, 0, 0), 2, 3.0
    )  # fmt: skip
    words = "--data e --epochs 2 -l 1 -q --beta 1 --untyped 5 --plain 6 --T 7 --both 8"
    more = "--step 5 --scale 3 --bias 4"
    assert APP.run([*words.split(), *more.split()]) == (
        "e", 2, 0, 1.0, True, 1.0, 5, 6, (0.9, 7.0, 0, 8), 6, 7.0
    )  # fmt: skip


def test_a_parameter_without_default_is_required_unless_the_author_passes_it() -> None:
    assert refused().startswith("`--data` is required: a string. Declared in `train` (")
    assert APP.run([], ("mine",))[0] == "mine"
    assert APP.run(["--data", "theirs"], ("mine",))[0] == "theirs"
    assert APP.run(["--epochs", "5"], ("mine", 2, 3))[:3] == ("mine", 5, 3)


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("--learning", "--learning-rate"),
        ("--learnig_rate", "--learning-rate"),
        ("--no-quite", "--no-quiet"),
        ("--momentun", "--momentum"),
        ("--train.betta", "--train.beta"),
        ("--hep", "--help"),
    ],
)
def test_unknown_options_name_the_nearest(word: str, nearest: str) -> None:
    message = refused(word, "1")
    assert message.startswith(f"Unknown option `{word}`. Did you mean `{nearest}`"), message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--zzz"], "Unknown option `--zzz`. `--help` lists all."),
        (["--hidden", "1"], "Unknown option `--hidden`."),
        (["-x"], "Unknown option `-x`."),
        (["-qx"], "Unknown option `-x`."),
        (["word"], "Unexpected argument `word`. `--help` lists the options."),
        (
            ["--quiet", "yes"],
            "Unexpected argument `yes` after `--quiet`, which takes no value.",
        ),
        (["--loud=yes"], "Unexpected argument `yes` after `--loud`, which takes no value."),
        (["--beta"], "`--beta` needs a value: a number, such as 0.1 or 1e-3. Declared in `train`"),
        (["--beta", "--quiet"], "`--beta` needs a value: a number, such as 0.1 or 1e-3. Declared"),
        (
            ["--data", "-x"],
            "`--data` needs a value: a string. If `-x` is the value, write `--data=-x`. Declared",
        ),
        (["--", "--beta"], "Unexpected argument `--beta`."),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    assert refused(*words).startswith(message)


def test_a_value_that_looks_like_an_option() -> None:
    assert APP.run(["--data=-x"])[0] == "-x"
    assert APP.run(["--data", "-"])[0] == "-"
    assert APP.run(["--data", "@name"])[0] == "@name"


def test_another_tag_gives_other_options() -> None:
    app = App(train, prog="train", tag=OTHER)
    assert app.parse(["--hidden", "3", "--both", "4"], ("d",)).values == {"hidden": 3, "both": 4}
    assert refused("--beta", "1", app=app).startswith("Unknown option `--beta`.")
    app = App(train, prog="train", tag=HP & OTHER)
    assert refused("--hidden", "1", app=app).startswith("Unknown option `--hidden`.")


@ptera
def copy() -> object:
    # What to copy
    # [positional]
    source: Annotated[str, HP]
    # [positional]
    targets: Annotated[list[str], HP]
    # [positional]
    last: Annotated[int, HP] = default(0)
    force: Annotated[bool, HP] = default(False)
    return source, targets, last, force


def test_positions() -> None:
    app = App(copy, prog="copy")
    assert app.run(["a", "b", "c", "5"]) == ("a", ["b", "c"], 5, False)
    assert app.run(["a", "--force", "b", "5"]) == ("a", ["b"], 5, True)
    assert app.run(["--", "a", "--b", "5"]) == ("a", ["--b"], 5, False)
    assert refused("a", app=app).startswith("`TARGETS` is required: a list[str]")
    assert refused("a", "b", "x", app=app).startswith("`LAST`: `x` is not a whole number.")


@ptera
def named_like_the_command_line() -> object:
    config: Annotated[str, HP] = default("")
    help: Annotated[str, HP] = default("")
    # [alias: -h]
    height: Annotated[int, HP] = default(0)
    return config, help, height


def test_variables_come_before_the_options_of_every_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = App(named_like_the_command_line, prog="named")
    assert app.run(["--config", "c", "--help", "h", "-h", "3"]) == ("c", "h", 3)
    assert refused("--ptera-config", "none.toml", app=app).startswith("`none.toml`: there is no")
    # `-h` is the height here, so a mistake beside it is a mistake.
    assert refused("--zzz", "-h", "3", app=app).startswith("Unknown option `--zzz`.")
    with pytest.raises(SystemExit) as caught:
        app.run(["--ptera-help"])
    assert caught.value.code == 0 and "--ptera-config FILE" in capsys.readouterr().out


@ptera
def says_int() -> int:
    n: Annotated[int, HP] = default(1)
    return n


@ptera
def says_str() -> str:
    n: Annotated[str, HP] = default("")
    return n


@ptera
def says_nothing() -> object:
    n: HP = default(None)  # type: ignore[valid-type]  # a tag alone, as users write it
    return n


@ptera
def disagrees() -> object:
    return says_int(), says_str()


@ptera
def agrees() -> object:
    return says_int(), says_nothing()


def test_declarations_that_disagree_are_refused_with_both_places() -> None:
    with pytest.raises(DeclarationError) as caught:
        App(disagrees).parse([])
    assert "`n` is declared as `int` and as `str`: `says_int` (" in str(caught.value)
    assert [place.function for place in caught.value.places] == ["says_int", "says_str"]
    assert App(agrees).run(["--n", "3"]) == (3, 3)


@ptera
def same_alias() -> None:
    # [alias: -a]
    alpha: Annotated[int, HP] = default(0)
    # [alias: -a]
    area: Annotated[int, HP] = default(0)


def test_one_spelling_for_two_options_is_refused() -> None:
    with pytest.raises(DeclarationError, match="`-a` is the spelling of two options: `same_alias`"):
        App(same_alias).parse([])


@ptera
def check_it(fast: Annotated[bool, HP] = False) -> object:
    """Test a model."""
    return "tested", fast, inner()


COMMANDS = App({"train": train, "more": {"check-it": check_it}}, prog="tool")


def test_commands() -> None:
    assert COMMANDS.run(["train", "--data", "d", "--epochs", "3"])[:2] == ("d", 3)
    assert COMMANDS.run(["more", "check-it", "--fast", "--T", "2"])[:2] == ("tested", True)
    assert COMMANDS.run(["more", "check_it"])[1] is False
    assert COMMANDS.parse(["more", "check-it", "--T", "2"]).command == ("more", "check-it")
    both = App([train, check_it], prog="tool")
    assert both.run(["check-it"])[0] == "tested"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "A command is required, one of `train`, `more`."),
        (["more"], "A command is required, one of `check-it`."),
        (["trian"], "Unknown command `trian`. Did you mean `train`?"),
        (["more", "zzz"], "Unknown command `zzz`. Choose from `check-it`."),
        (["train", "--fast"], "Unknown option `--fast`."),
    ],
)
def test_mistakes_with_commands(words: list[str], message: str) -> None:
    assert refused(*words, app=COMMANDS).startswith(message)


def test_a_file_for_several_commands(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    with open("c.toml", "w") as file:
        file.write("epochs = 5\nfast = true\nT = 3.0\n")
    parsed = COMMANDS.parse(["more", "check-it", "@c.toml"])
    assert parsed.values == {"fast": True, "T": 3.0}
    with open("c.toml", "w") as file:
        file.write("epohcs = 5\n")
    assert refused("more", "check-it", "@c.toml", app=COMMANDS).startswith(
        "`c.toml:1`: unknown key `epohcs`."
    )


@pytest.mark.parametrize("entry", [3, ["x"], "train"])
def test_entries_that_are_none(entry: object) -> None:
    with pytest.raises(TypeError):
        App(entry)  # type: ignore[arg-type]  # on purpose


def test_tags_are_what_they_were() -> None:
    # What the module's own annotations are built from is not changed by parsing.
    assert isinstance(HP, Tag) and replace(HP, name="x") == tag.x


@ptera
def declares() -> object:
    width: Annotated[int, HP]
    return width


@ptera
def calls_one_that_declares() -> object:
    depth: Annotated[int, HP]
    return depth, declares()


def test_declared_variables(capsys: pytest.CaptureFixture[str]) -> None:
    app = App(calls_one_that_declares, prog="declared")
    assert app.run(["--depth", "1", "--width", "2"]) == (1, 2)
    assert refused(app=app).startswith("`--depth` is required: a whole number. Declared in")
    # Of another function it is known only when it runs: the program may have set it.
    with pytest.raises(SystemExit) as caught:
        app.run(["--depth", "1"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(
        "declared: error: `--width` is required: a whole number. Declared in `declares` ("
    )
    with Overlay.tweak({"declares > width": 5}):
        assert app.run(["--depth", "1"]) == (1, 5)
        ready = App(calls_one_that_declares.new(depth=3), prog="declared")
        assert ready.run([]) == (3, 5)
        assert ready.run(["--depth", "4"]) == (4, 5)
