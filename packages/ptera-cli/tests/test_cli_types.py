"""Every type of a variable, on the command line and in files."""

import enum
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict

import pytest

from ptera import default, ptera, tag
from ptera_cli import App, UsageError

HP = tag.HyperParameter

Meters = NewType("Meters", float)


class Colour(enum.Enum):
    red = 1
    dark_green = 2


@dataclass
class Adam:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)
    fused: bool = False


@dataclass
class Sgd:
    lr: float
    momentum: float = 0.0


@dataclass
class Model:
    depth: int = 1
    optimizer: Adam = field(default_factory=Adam)


class Point(NamedTuple):
    x: int
    y: int = 0


class Limits(TypedDict, total=False):
    low: int
    high: int


class Device:
    def __init__(self, text: str) -> None:
        kind, _, number = text.partition(":")
        if kind not in ("cpu", "cuda"):
            raise ValueError(f"no device {kind!r}")
        self.kind, self.number = kind, int(number or 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and vars(self) == vars(other)


@ptera
def program() -> None:
    whole: Annotated[int, HP] = default(0)
    real: Annotated[float, HP] = default(0.0)
    flag: Annotated[bool, HP] = default(False)
    text: Annotated[str, HP] = default("")
    raw: Annotated[bytes, HP] = default(b"")
    path: Annotated[Path, HP] = default(Path())
    word: Annotated[Literal["sgd", "adam"], HP] = default("sgd")
    number: Annotated[Literal[1, 2], HP] = default(1)
    colour: Annotated[Colour, HP] = default(Colour.red)
    maybe: Annotated[int | None, HP] = default(3)
    named: Annotated[str | None, HP] = default("")
    ints: Annotated[list[int], HP] = default([])
    words: Annotated[list[str], HP] = default([])
    bare: Annotated[list, HP] = default([])  # type: ignore[type-arg]  # as users write it
    sequence: Annotated[Sequence[float], HP] = default(())
    pair: Annotated[tuple[int, float], HP] = default((0, 0.0))
    many: Annotated[tuple[int, ...], HP] = default(())
    unique: Annotated[set[str], HP] = default(set())
    frozen: Annotated[frozenset[int], HP] = default(frozenset())
    table: Annotated[dict[str, int], HP] = default({})
    nested: Annotated[list[list[int]], HP] = default([])
    deep: Annotated[dict[str, list[float]], HP] = default({})
    mapping: Annotated[Mapping[int, str], HP] = default({})
    either: Annotated[int | str, HP] = default(0)
    rates: Annotated[float | list[float], HP] = default(0.0)
    amount: Annotated[int | float, HP] = default(0)
    adam: Annotated[Adam, HP] = default(Adam())
    optimizer: Annotated[Adam | Sgd, HP] = default(Adam())
    optimizers: Annotated[list[Adam], HP] = default([])
    model: Annotated[Model, HP] = default(Model())
    point: Annotated[Point, HP] = default(Point(0))
    limits: Annotated[Limits, HP] = default(Limits())
    day: Annotated[date, HP] = default(date(2026, 1, 1))
    moment: Annotated[datetime, HP] = default(datetime(2026, 1, 1))
    hour: Annotated[time, HP] = default(time(1))
    anything: Annotated[Any, HP] = default(None)
    loss: Annotated[Callable[[float], int], HP] = default(int)
    length: Annotated[Meters, HP] = default(Meters(0.0))
    exact: Annotated[Decimal, HP] = default(Decimal())
    part: Annotated[Fraction, HP] = default(Fraction())
    key: Annotated[uuid.UUID, HP] = default(uuid.UUID(int=0))
    device: Annotated[Device, HP] = default(Device("cpu"))


APP = App(program, prog="program", converters={Device: Device})

SPOKEN: list[tuple[str, list[str], object]] = [
    ("whole", ["12"], 12),
    ("whole", ["1e6"], 1_000_000),
    ("whole", ["1_000"], 1000),
    ("whole", ["0x10"], 16),
    ("whole", ["-3"], -3),
    ("whole", ["1e23"], 10**23),
    ("whole", ["2.50e2"], 250),
    ("whole", ["0_7"], 7),
    ("real", ["0.1"], 0.1),
    ("real", ["-1e-4"], -1e-4),
    ("real", ["3"], 3.0),
    ("real", ["-.5"], -0.5),
    ("real", ["inf"], math.inf),
    ("real", ["-inf"], -math.inf),
    ("text", ["a b"], "a b"),
    ("text", ["3"], "3"),
    ("text", ["-"], "-"),
    ("raw", ["ab"], b"ab"),
    ("path", ["a/b.txt"], Path("a/b.txt")),
    ("word", ["adam"], "adam"),
    ("number", ["2"], 2),
    ("colour", ["dark_green"], Colour.dark_green),
    ("maybe", ["None"], None),
    ("maybe", ["null"], None),
    ("maybe", ["5"], 5),
    ("named", ["None"], None),
    ("named", ["x"], "x"),
    ("ints", ["1", "-2", "3"], [1, -2, 3]),
    ("ints", ["[1, 2]"], [1, 2]),
    ("ints", ["[]"], []),
    ("ints", ["[1e3]"], [1000]),
    ("words", ["a", "b"], ["a", "b"]),
    ("words", ['["a", "b c"]'], ["a", "b c"]),
    ("bare", ["1", "x", "None"], [1, "x", None]),
    ("sequence", ["1", "2.5"], [1.0, 2.5]),
    ("pair", ["1", "2.5"], (1, 2.5)),
    ("pair", ["[1, 2]"], (1, 2.0)),
    ("pair", ["(1, 2)"], (1, 2.0)),
    ("many", ["1", "2"], (1, 2)),
    ("unique", ["a", "b", "a"], {"a", "b"}),
    ("frozen", ["[1, 2]"], frozenset({1, 2})),
    ("table", ["a=1", "b=2"], {"a": 1, "b": 2}),
    ("table", ['{"a": 1}'], {"a": 1}),
    ("nested", ["[[1, 2], [3]]"], [[1, 2], [3]]),
    ("nested", ["[1, 2]", "[3]"], [[1, 2], [3]]),
    ("deep", ['{"a": [1, 2.5]}'], {"a": [1.0, 2.5]}),
    ("mapping", ["1=a"], {1: "a"}),
    ("either", ["3"], 3),
    ("either", ["three"], "three"),
    ("rates", ["0.1"], 0.1),
    ("rates", ["[0.1, 1]"], [0.1, 1.0]),
    ("rates", ["0.1", "1"], [0.1, 1.0]),
    ("amount", ["3"], 3),
    ("amount", ["0.5"], 0.5),
    ("adam", ['{"lr": 1, "betas": [0, 1]}'], Adam(1.0, (0.0, 1.0))),
    ("optimizer", ["Adam"], Adam()),
    ("optimizer", ['{"lr": 1, "momentum": 2}'], Sgd(1.0, 2.0)),
    ("optimizer", ['{"type": "Sgd", "lr": 1}'], Sgd(1.0)),
    ("optimizers", ['[{"lr": 1}, {}]'], [Adam(1.0), Adam()]),
    ("model", ['{"optimizer": {"fused": true}}'], Model(1, Adam(fused=True))),
    ("point", ["[1, 2]"], Point(1, 2)),
    ("point", ['{"x": 1}'], Point(1)),
    ("limits", ['{"low": 1}'], {"low": 1}),
    ("day", ["2026-11-24"], date(2026, 11, 24)),
    ("moment", ["2026-11-24T10:30:00"], datetime(2026, 11, 24, 10, 30)),
    ("hour", ["10:30"], time(10, 30)),
    ("anything", ["3"], 3),
    ("anything", ["1e-3"], 0.001),
    ("anything", ["true"], True),
    ("anything", ["word"], "word"),
    ("anything", ['{"a": [1, null]}'], {"a": [1, None]}),
    ("length", ["2"], 2.0),
    ("exact", ["1.10"], Decimal("1.10")),
    ("part", ["1/3"], Fraction(1, 3)),
    ("key", [str(uuid.UUID(int=5))], uuid.UUID(int=5)),
    ("device", ["cuda:1"], Device("cuda:1")),
]


@pytest.mark.parametrize(("name", "words", "value"), SPOKEN)
def test_spoken(name: str, words: list[str], value: object) -> None:
    given = APP.parse([f"--{name}", *words]).values
    assert given == {name: value}
    assert type(given[name]) is type(value)


@pytest.mark.parametrize(("name", "words", "value"), SPOKEN)
def test_spoken_with_an_equals_sign(name: str, words: list[str], value: object) -> None:
    if len(words) == 1:
        assert APP.parse([f"--{name}={words[0]}"]).values == {name: value}


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--flag"], True),
        (["--no-flag"], False),
        (["--flag=false"], False),
        (["--flag=yes"], True),
        (["--no-flag", "--flag"], True),
    ],
)
def test_flags(words: list[str], value: bool) -> None:
    assert APP.parse(words).values == {"flag": value}


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--table.a", "1", "--table.b", "2"], "table", {"a": 1, "b": 2}),
        (["--table", '{"a": 1}', "--table.b", "2"], "table", {"a": 1, "b": 2}),
        (["--deep.a", "1", "2"], "deep", {"a": [1.0, 2.0]}),
        (["--adam.lr", "1", "--adam.fused"], "adam", Adam(1.0, fused=True)),
        (["--adam.betas", "0", "1"], "adam", Adam(0.1, (0.0, 1.0))),
        (["--model.optimizer.lr", "1"], "model", Model(1, Adam(1.0))),
        (["--optimizer.momentum", "1", "--optimizer.lr", "2"], "optimizer", Sgd(2.0, 1.0)),
        (["--optimizer", "Sgd", "--optimizer.lr", "2"], "optimizer", Sgd(2.0)),
        (["--anything.a.b", "1"], "anything", {"a": {"b": 1}}),
        (["--ints", "1", "--ints", "2"], "ints", [1, 2]),
        (["--whole", "1", "--whole", "2"], "whole", 2),
    ],
)
def test_parts(words: list[str], name: str, value: object) -> None:
    assert APP.parse(words).values == {name: value}


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("whole", ["1.5"], "`--whole`: `1.5` is not a whole number."),
        ("whole", ["abc"], "`--whole`: `abc` is not a whole number."),
        ("whole", ["1e-1"], "`--whole`: `1e-1` is not a whole number."),
        ("whole", ["1e999999999"], "`--whole`: `1e999999999` is not a whole number."),
        ("real", ["abc"], "`--real`: `abc` is not a number, such as 0.1 or 1e-3."),
        (
            "word",
            ["adm"],
            "`--word`: `adm` is not one of sgd, adam. Did you mean `adam`?",
        ),
        ("number", ["3"], "`--number`: `3` is not one of 1, 2."),
        (
            "colour",
            ["dark_gren"],
            "`--colour`: `dark_gren` is not one of red, dark_green. Did you mean `dark_green`?",
        ),
        ("maybe", ["x"], "`--maybe`: `x` is not a whole number or None."),
        ("ints", ["1", "x"], "`--ints[1]`: `x` is not a whole number."),
        ("ints", ["[1, 2.5]"], "`--ints[1]`: `2.5` is not a whole number."),
        (
            "ints",
            ["[1, 2"],
            "`--ints`: `[1, 2` is not a list[int], such as `1 2` or `[1, 2]` "
            "(the brackets do not hold JSON).",
        ),
        ("pair", ["1"], "`--pair`: `1` is not a tuple[int, float] of 2 values."),
        ("pair", ["[1, 2, 3]"], "`--pair`: `[1, 2, 3]` is not a tuple[int, float] of 2 values."),
        ("nested", ["[[1], [2.5]]"], "`--nested[1][0]`: `2.5` is not a whole number."),
        ("table", ['{"a": "x"}'], "`--table.a`: `x` is not a whole number."),
        ("table", ["a"], '`--table`: `a` is not a dict[str, int], such as `a=1` or `{"a": 1}`.'),
        (
            "rates",
            ["x"],
            "`--rates`: `x` is not a number, such as 0.1 or 1e-3 or a list[float], "
            "such as `1 2` or `[1, 2]`.",
        ),
        (
            "adam",
            ['{"lrr": 1}'],
            "`--adam.lrr`: `lrr` is not a field of Adam. Did you mean `lr`?",
        ),
        (
            "model",
            ['{"optimizer": {"lr": "x"}}'],
            "`--model.optimizer.lr`: `x` is not a number, such as 0.1 or 1e-3.",
        ),
        ("day", ["tomorrow"], "`--day`: `tomorrow` is not a date, such as 2026-01-31."),
        ("exact", ["x"], "`--exact`: `x` is not a Decimal."),
        ("device", ["gpu"], "`--device`: `gpu` is not a Device (no device 'gpu')."),
        (
            "loss",
            ["math.floor"],
            "`--loss`: `math.floor` is not a value that can be written here: Callable is set in "
            "code only (the program allows names with `eval_env=`).",
        ),
    ],
)
def test_refused(name: str, words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        APP.parse([f"--{name}", *words])
    told, _, where = str(caught.value).partition(" Declared in ")
    assert told == message
    assert where.startswith("`program` (") and where.endswith(").")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sgd.lr", "1"], "Unknown option `--sgd.lr`."),
        (["--adam.lrr", "1"], "`--adam.lrr`: `lrr` is not a field of Adam. Did you mean `lr`?"),
        (
            ["--optimizer", "Sgd", "--optimizer.momentum", "1"],
            "`--optimizer.momentum`: `momentum` is not a whole Sgd: `lr` is missing.",
        ),
        (["--table.a", "x"], "`--table.a`: `x` is not a whole number."),
    ],
)
def test_refused_parts(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        APP.parse(words)
    assert str(caught.value).startswith(message)


DATA: list[tuple[str, object, object]] = [
    ("whole", 3, 3),
    ("whole", 1e6, 1_000_000),
    ("whole", "1e6", 1_000_000),
    ("real", 3, 3.0),
    ("real", "1e-3", 0.001),
    ("flag", True, True),
    ("flag", "off", False),
    ("text", "3", "3"),
    ("path", "a/b", Path("a/b")),
    ("number", 2, 2),
    ("colour", "red", Colour.red),
    ("maybe", None, None),
    ("maybe", "None", None),
    ("ints", [1, 2], [1, 2]),
    ("nested", [[1, 2], [3]], [[1, 2], [3]]),
    ("pair", [1, 2], (1, 2.0)),
    ("unique", ["a"], {"a"}),
    ("table", {"a": 1}, {"a": 1}),
    ("either", "3", "3"),
    ("either", 3, 3),
    ("rates", [1, 2], [1.0, 2.0]),
    ("adam", {"lr": 1}, Adam(1.0)),
    ("optimizer", {"type": "Sgd", "lr": 1}, Sgd(1.0)),
    ("optimizers", [{"lr": 1}], [Adam(1.0)]),
    ("model", {"optimizer": {"betas": [0, 1]}}, Model(1, Adam(0.1, (0.0, 1.0)))),
    ("anything", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    ("anything", "3", "3"),
]


@pytest.mark.parametrize(("name", "data", "value"), DATA)
def test_in_a_file(name: str, data: object, value: object, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps({name: data}))
    given = APP.parse(["--config", str(file)]).values
    assert given == {name: value}
    assert type(given[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("whole", 1.5, "`1.5` is not a whole number."),
        ("whole", True, "`true` is not a whole number."),
        ("real", False, "`false` is not a number, such as 0.1 or 1e-3."),
        ("text", 3, "`3` is not a string."),
        ("flag", 1, "`1` is not true or false."),
        ("number", 3, "`3` is not one of 1, 2."),
        ("ints", 3, "`3` is not a list[int], such as `1 2` or `[1, 2]`."),
        ("whole", None, "`null` is not a whole number."),
        ("whole", [1], "`[1]` is not a whole number."),
        ("whole", {"a": 1}, "`a table` is not a whole number."),
    ],
)
def test_refused_in_a_file(name: str, data: object, found: str, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps({name: data}))
    with pytest.raises(UsageError) as caught:
        APP.parse(["--config", str(file)])
    assert str(caught.value).startswith(f"`{file}:1: {name}`: {found}")


OPTIONAL = ("maybe", "named")


@pytest.mark.parametrize("format_", ["toml", "yaml", "json"])
@pytest.mark.parametrize(("name", "words", "value"), SPOKEN)
def test_saved_and_read_again(
    format_: str, name: str, words: list[str], value: object, tmp_path: Path
) -> None:
    if name == "device":
        pytest.skip("a type of the author's own has no text of its own to be saved as")
    if format_ == "yaml":
        pytest.importorskip("ruamel.yaml")
    if (
        format_ == "toml"
        and "null" in "".join(words).replace("None", "null")
        and name not in OPTIONAL
    ):
        pytest.skip("TOML has no null: the next test")
    file = tmp_path / f"saved.{format_}"
    APP.run([f"--{name}", *words, "--save-config", str(file)])
    again = APP.parse(["--config", str(file)]).values
    assert again == {name: value} and type(again[name]) is type(value)


@pytest.mark.parametrize("words", [["--bare", "None"], ["--anything", "[null]"]])
def test_what_toml_cannot_hold_is_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "saved.toml"
    with pytest.raises(SystemExit) as caught:
        APP.run([*words, "--save-config", str(file)])
    assert caught.value.code == 2 and not file.exists()
    assert capsys.readouterr().err == (
        f"program: error: `{file}`: the value of `{words[0][2:]}` cannot be written as TOML; "
        "try .yaml or .json.\n"
    )


def test_names_and_expressions_only_where_the_author_allows_them() -> None:
    allowed = App(program, prog="program", eval_env={"three": 3}, converters={Device: Device})
    assert allowed.parse(["--loss", "math.floor"]).values == {"loss": math.floor}
    assert allowed.parse(["--loss", "os.path:join"]).values["loss"].__name__ == "join"  # type: ignore[attr-defined]  # it is a function
    assert allowed.parse(["--real", ":1/4"]).values == {"real": 0.25}
    assert allowed.parse(["--whole", ":three * 2"]).values == {"whole": 6}
    with pytest.raises(UsageError, match="`:1/4` is not a whole number"):
        APP.parse(["--whole", ":1/4"])
    with pytest.raises(UsageError, match="NameError: name 'four' is not defined"):
        allowed.parse(["--whole", ":four"])
    with pytest.raises(UsageError, match="`nothing.at.all` is not a name that can be found"):
        allowed.parse(["--loss", "nothing.at.all"])
    with pytest.raises(UsageError, match="is not a Callable: it is a float"):
        allowed.parse(["--loss", "math.pi"])
