"""Where values come from: code, files, environment, command line; who wins, who is told."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest

from ptera import default, ptera, tag
from ptera_cli import App, Parsed, UsageError

HP = tag.HyperParameter


@dataclass
class Optimizer:
    name: str = "sgd"
    betas: list[float] = field(default_factory=list)
    momentum: float = 0.0


@ptera
def load() -> int:
    # How many examples
    size: Annotated[int, HP] = default(100)
    return size


@ptera
def evaluate() -> float:
    lr: Annotated[float, HP] = default(0.5)
    return lr


@ptera
def train() -> object:
    lr: Annotated[float, HP] = default(0.1)
    layers: Annotated[list[int], HP] = default([3, 4])
    sizes: Annotated[list[int], HP] = default([len("abc")])
    optimizer: Annotated[Optimizer, HP] = default(Optimizer())
    limits: Annotated[dict[str, int], HP] = default({})
    weight_decay: Annotated[float, HP] = default(0.0)
    flag: Annotated[bool, HP] = default(False)
    return lr, evaluate(), load(), layers, optimizer, limits, weight_decay, flag, sizes


APP = App(train, prog="train", prefix="TRAIN")


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(textwrap.dedent(text))
        return name

    return write


Write = Callable[[str, str], str]


def parse(*words: str) -> Parsed:
    return APP.parse(words)


def refused(*words: str) -> str:
    with pytest.raises(UsageError) as caught:
        APP.parse(words)
    return str(caught.value).partition(" Declared in ")[0]


def test_later_layers_win(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("base.toml", "lr = 1.0\nsize = 1\nweight-decay = 1.0\nflag = true\n")
    write("over.toml", "size = 2\nweight_decay = 2.0\n")
    monkeypatch.setenv("TRAIN_WEIGHT_DECAY", "3")
    monkeypatch.setenv("TRAIN_FLAG", "no")
    parsed = parse("--config", "base.toml", "@over.toml", "--no-flag")
    assert parsed.values == {"lr": 1.0, "size": 2, "weight_decay": 3.0, "flag": False}
    assert parsed.sources == {
        "lr": "base.toml:1",
        "size": "over.toml:1",
        "weight_decay": "TRAIN_WEIGHT_DECAY",
        "flag": "--no-flag",
    }


def test_values_reach_the_variables(write: Write) -> None:
    write("c.toml", "size = 7\n")
    result = APP.run(["@c.toml", "--lr", "2", "--limits.a", "1"])
    assert result == (2.0, 2.0, 7, [3, 4], Optimizer(), {"a": 1}, 0.0, False, [3])
    assert train() == (0.1, 0.5, 100, [3, 4], Optimizer(), {}, 0.0, False, [3])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.toml", "lr = 1e-3\n[optimizer]\nname = 'no'\n[load]\nsize = 5\n"),
        ("c.yaml", "lr: 1e-3\noptimizer:\n  name: no\nload: {size: 5}\n"),
        ("c.yml", "lr: 1e-3\noptimizer: {name: no}\nload:\n    size: 5\n"),
        ("c.json", '{"lr": 1e-3, "optimizer": {"name": "no"}, "load": {"size": 5}}'),
    ],
)
def test_formats(name: str, text: str, write: Write) -> None:
    if ".y" in name:
        pytest.importorskip("ruamel.yaml")
    write(name, text)
    assert parse("--config", name).values == {
        "lr": 0.001,
        "optimizer": Optimizer("no"),
        "size": 5,
    }


def test_tables_merge_and_lists_replace(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.toml", "layers = [1, 2]\n[optimizer]\nname = 'adam'\nbetas = [0.1, 0.2]\n")
    write("b.toml", "layers = [5]\noptimizer.betas = [0.9]\n[limits]\na = 1\nb = 2\n")
    monkeypatch.setenv("TRAIN_LIMITS__B", "3")
    parsed = parse("@a.toml", "@b.toml", "--optimizer.momentum", "0.5", "--limits.c", "4")
    assert parsed.values == {
        "layers": [5],
        "optimizer": Optimizer("adam", [0.9], 0.5),
        "limits": {"a": 1, "b": 3, "c": 4},
    }
    assert parsed.sources["optimizer"] == "a.toml:3, b.toml:2, --optimizer.momentum"


@pytest.mark.parametrize(
    ("files", "words", "layers"),
    [
        ([], ["--layers+", "5"], [3, 4, 5]),
        ([], ["--layers+", "5", "--layers+", "6"], [3, 4, 5, 6]),
        (["layers = [1]\n"], ["--layers+", "5"], [1, 5]),
        (["'layers+' = [5]\n"], [], [3, 4, 5]),
        (["layers = [1]\n", "'layers+' = [5]\n"], ["--layers+=[6, 7]"], [1, 5, 6, 7]),
        (["layers = [1]\n'layers+' = [5]\n"], [], [1, 5]),
        (["'layers+' = [5]\n", "layers = [1]\n"], [], [1]),
        (["'layers+' = [5]\n"], ["--layers", "9"], [9]),
    ],
)
def test_appending(files: list[str], words: list[str], layers: list[int], write: Write) -> None:
    names = [f"@{write(f'{at}.toml', text)}" for at, text in enumerate(files)]
    assert parse(*names, *words).values == {"layers": layers}


def test_appending_to_what_only_the_program_knows() -> None:
    assert refused("--sizes+", "5") == (
        '`--sizes+`: there is no list to append to, the default `[len("abc")]` is known only '
        "when the program runs. Give the whole list."
    )
    assert refused("--size+", "5") == (
        "`--size+`: only lists and sets take `+`; this takes a whole number."
    )


def test_environment_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN_LAYERS", "5 6")
    monkeypatch.setenv("TRAIN_TRAIN__LR", "3")
    monkeypatch.setenv("TRAIN_OPTIMIZER__BETAS", "[1]")
    assert parse().values == {
        "layers": [5, 6],
        "train.lr": 3.0,
        "optimizer": Optimizer("sgd", [1.0]),
    }
    monkeypatch.setenv("TRAIN_LAYERS", "five")
    assert refused() == "`TRAIN_LAYERS[0]`: `five` is not a whole number."


def test_the_environment_is_not_read_without_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LR", "3")
    monkeypatch.setenv("_LR", "3")
    assert App(train).parse([]).values == {}


def test_standing_files(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(train, prefix="TRAIN", config=("project.toml", "absent.toml"))
    assert app.parse([]).values == {}
    write("project.toml", "lr = 1.0\nsize = 1\n")
    write("mine.toml", "lr = 2.0\n")
    monkeypatch.setenv("TRAIN_CONFIG", "mine.toml")
    assert app.parse([]).values == {"lr": 2.0, "size": 1}
    monkeypatch.setenv("TRAIN_CONFIG", "gone.toml")
    with pytest.raises(UsageError, match="`gone.toml`: there is no such file"):
        app.parse([])


def test_one_option_for_all_functions_and_one_for_each() -> None:
    assert APP.run(["--lr", "7"])[:2] == (7.0, 7.0)
    assert APP.run(["--train.lr", "7"])[:2] == (7.0, 0.5)
    assert APP.run(["--lr", "7", "--evaluate.lr", "8"])[:2] == (7.0, 8.0)
    assert APP.run(["--evaluate.lr", "8", "--lr", "7"])[:2] == (7.0, 8.0)


def test_a_later_layer_wins_over_a_more_exact_name(write: Write) -> None:
    write("c.toml", "[train]\nlr = 3.0\n")
    assert APP.run(["@c.toml"])[:2] == (3.0, 0.5)
    assert APP.run(["@c.toml", "--lr", "7"])[:2] == (7.0, 7.0)


def test_every_option_has_the_name_of_its_function_too(write: Write) -> None:
    write("c.toml", "train.weight-decay = 1.0\n")
    assert parse("@c.toml", "--load.size", "3").values == {"weight_decay": 1.0, "size": 3}
    write("c.toml", "train.weight-decay = 1.0\nweight_decay = 2.0\n")
    assert refused("@c.toml") == "`c.toml:2`: `weight_decay` sets `weight_decay` a second time."


def test_includes(write: Write, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write("deep/base.toml", "lr = 1.0\nsize = 1\n")
    write("deep/more.toml", "include = 'base.toml'\nsize = 2\n")
    write("c.toml", "include = ['deep/more.toml', 'other.json']\nlr = 4.0\n")
    write("other.json", '{"flag": true}')
    parsed = parse("@c.toml")
    assert parsed.values == {"lr": 4.0, "size": 2, "flag": True}
    assert parsed.sources == {"lr": "c.toml:2", "size": "deep/more.toml:2", "flag": "other.json:1"}


FILES: dict[str, tuple[str, str, str]] = {
    "unknown key": (
        "c.toml",
        "lr = 1.0\n\nlrr = 2.0\n",
        "`c.toml:3`: unknown key `lrr`. Did you mean `lr`, of `train` (",
    ),
    "unknown key in a table": (
        "c.yaml",
        "lr: 1\nload:\n  siz: 3\n",
        "`c.yaml:3`: unknown key `load.siz`. Did you mean `load.size`, of `load` (",
    ),
    "unknown table": (
        "c.json",
        '{"lr": 1,\n "nothing": {"a": 1}}',
        "`c.json:2`: unknown key `nothing`. `--help` lists the options.",
    ),
    "unknown field": (
        "c.toml",
        "[optimizer]\nbeta = 1\n",
        "`c.toml:2: optimizer.beta`: `beta` is not a field of Optimizer. Did you mean `betas`?",
    ),
    "bad value": (
        "c.toml",
        "lr = 1.0\nload.size = 'many'\n",
        "`c.toml:2: load.size`: `many` is not a whole number.",
    ),
    "bad value within a list": (
        "c.toml",
        "layers = [\n  1,\n  2.5,\n]\n",
        "`c.toml:1: layers[1]`: `2.5` is not a whole number.",
    ),
    "duplicate key": (
        "c.toml",
        "lr = 1.0\nsize = 3\nlr = 2.0\n",
        "`c.toml:3`: the key `lr` is given twice, first on line 1.",
    ),
    "duplicate key in JSON": (
        "c.json",
        '{\n"lr": 1,\n"load": {"size": 1, "size": 2}}',
        "`c.json:3`: the key `load.size` is given twice, first on line 3.",
    ),
    "duplicate key in YAML": (
        "c.yaml",
        "lr: 1\nload:\n  size: 1\n  size: 2\n",
        "`c.yaml:4`: the key `load.size` is given twice, first on line 3.",
    ),
    "duplicate table": (
        "c.toml",
        "[load]\nsize = 1\n[load]\n",
        "`c.toml:3`: the key `load` is given twice, first on line 1.",
    ),
    "two spellings of one key": (
        "c.toml",
        "weight-decay = 1.0\nweight_decay = 2.0\n",
        "`c.toml:2`: `weight_decay` sets `weight_decay` a second time.",
    ),
    "no TOML": ("c.toml", "lr = 1.0\nsize = abc\n", "`c.toml:2`: it is not TOML: invalid value."),
    "no JSON": (
        "c.json",
        '{"lr": 1,\n"size"}',
        "`c.json:2`: it is not JSON: expecting ':' delimiter.",
    ),
    "no YAML": ("c.yaml", "lr: [1\nsize: 2\n", "`c.yaml:2`: it is not YAML: "),
    "no table": ("c.json", "[1]", "`c.json`: it must hold a table of keys and values."),
    "no format": (
        "c.ini",
        "lr=1",
        "`c.ini`: `.ini` is no format of configuration files; use .toml, .yaml or .json.",
    ),
    "includes itself": (
        "c.toml",
        "include = 'c.toml'\n",
        "`c.toml`: it includes itself: `c.toml` includes `c.toml`.",
    ),
    "includes what is missing": (
        "c.toml",
        "include = 'd.toml'\n",
        "`d.toml`: there is no such file (included by `c.toml`); the nearest is `c.toml`.",
    ),
    "includes no name": (
        "c.toml",
        "include = 3\n",
        "`c.toml:1`: `include` must be a file name or a list of file names.",
    ),
    "sets no table": (
        "c.toml",
        "set = 3\n",
        '`c.toml:1`: `set` must be a table, such as `"layer[1] > T" = 10`.',
    ),
    "sets an unquoted selector": (
        "c.toml",
        "[set]\ntrain.lr = 3\n",
        "`c.toml:2`: `train` holds a table; a selector goes in quotes.",
    ),
}


@pytest.mark.parametrize("mistake", FILES)
def test_mistakes_in_files(mistake: str, write: Write) -> None:
    name, text, message = FILES[mistake]
    if name.endswith("yaml"):
        pytest.importorskip("ruamel.yaml")
    write(name, text)
    assert refused("--config", name).startswith(message)


def test_a_missing_file(write: Write) -> None:
    write("exp.toml", "")
    assert refused("--config", "epx.toml") == (
        "`epx.toml`: there is no such file; the nearest is `exp.toml`."
    )
    assert refused("@gone/x.toml") == "`gone/x.toml`: there is no such file."


def test_a_file_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.toml").write_bytes(b"lr = \xff")
    assert refused("@c.toml") == "`c.toml`: it cannot be read: it is not UTF-8 text."
    assert refused("--config", str(tmp_path)).endswith(": it cannot be read: Is a directory.")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        APP.run(words)
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_print_config_tells_every_source(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("c.toml", "layers = [1]\noptimizer.name = 'adam'\n")
    monkeypatch.setenv("TRAIN_SIZE", "5")
    text = printed(capsys, "@c.toml", "--lr", "1e-3", "--optimizer.momentum", "1", "--print-config")
    lines = [line.partition("(")[0] for line in text.splitlines()]
    assert lines == [
        "# train ",
        "lr = 0.001  # --lr",
        "layers = [1]  # c.toml:1",
        "# sizes = [len",
        'optimizer = {name = "adam", betas = [], momentum = 1.0}  # c.toml:2, --optimizer.momentum',
        "# limits = {}  # default of train ",
        "# weight_decay = 0.0  # default of train ",
        "# flag = False  # default of train ",
        "",
        "# load ",
        "size = 5  # TRAIN_SIZE",
    ]


@pytest.mark.parametrize("format_", ["toml", "yaml", "json"])
def test_a_run_starts_again_from_what_it_saved(
    format_: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    if format_ == "yaml":
        pytest.importorskip("ruamel.yaml")
    write("c.toml", "layers = [1]\n[train]\nlr = 9.0\n[limits]\na = 1\n[set]\n'load > size' = 4\n")
    monkeypatch.setenv("TRAIN_FLAG", "yes")
    saved = f"saved.{format_}"
    words = ["@c.toml", "--lr", "2", "--evaluate.lr", "3", "--limits.b", "2"]
    first = APP.run([*words, "--size", "6", "--save-config", saved])
    assert first == (2.0, 3.0, 6, [1], Optimizer(), {"a": 1, "b": 2}, 0.0, True, [3])
    monkeypatch.delenv("TRAIN_FLAG")
    assert APP.run(["--config", saved]) == first


def test_what_cannot_be_saved(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    for path, reason in [
        ("x.ini", "`x.ini`: `.ini` is no format to save to; use .toml, .yaml or .json."),
        ("no/x.toml", "`no/x.toml`: it cannot be written: No such file or directory."),
    ]:
        with pytest.raises(SystemExit) as caught:
            APP.run(["--save-config", path])
        assert caught.value.code == 2
        assert capsys.readouterr().err == f"train: error: {reason}\n"
