"""Install each wheel alone in a clean environment, with just what it declares, and use it.

Usage: python scripts/check_wheels.py DIST [PACKAGE...]    after `hatch build --all`

The wheels of a package's siblings come from the same folder, the rest from wherever pip is told to
look. An environment holds what the metadata asks for, so a dependency that is used but not declared
makes the program fail, and one that is declared but should not be shows in the list.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What `python -m venv` brings.
_TOOLS = {"pip", "setuptools"}


@dataclass(frozen=True, slots=True)
class Check:
    """What a wheel must do by itself.

    Attributes:
        package: The distribution.
        siblings: The packages of this repository that come with it.
        has: Other distributions that must be there.
        lacks: Distributions that must not be there.
        exact: Nothing else may be there.
        commands: Arguments for the environment's Python, each to end well.
    """

    package: str
    siblings: tuple[str, ...]
    has: frozenset[str]
    lacks: frozenset[str]
    exact: bool
    commands: tuple[tuple[str, ...], ...]


_SELECTOR = """
from ptera_selector import from_json, parse, to_json
tree = parse("f{x} > y")
assert parse(str(tree)) == tree == from_json(to_json(tree))
"""
_CORE = """
import sys
from ptera import probing, ptera
@ptera
def square(x):
    y = x * x
    return y
with probing("square > y") as p:
    square(3)
assert p.values() == [{"y": 9}], p.values()
assert square.tweak({"square > y": 1})(3) == 1
assert "torch" not in sys.modules
"""
_NO_PLUGIN = """
try:
    import ptera.torch
except ImportError as error:
    assert "ptera-torch" in str(error), error
else:
    raise AssertionError("`ptera.torch` was imported without ptera-torch")
"""
_CLI = """
import sys
from ptera import auto_cli
import ptera_cli
assert auto_cli is ptera_cli.auto_cli
assert "torch" not in sys.modules
"""
_TORCH = """
import warnings
# torch without numpy works, and says so.
warnings.filterwarnings("ignore", "Failed to initialize NumPy")
""" + (ROOT / "examples" / "training.py").read_text(encoding="utf-8")

CHECKS = (
    Check(
        package="ptera-selector",
        siblings=(),
        has=frozenset({"lark"}),
        lacks=frozenset(),
        exact=True,
        commands=(("-c", _SELECTOR), ("-m", "ptera_selector", "f{x} > y")),
    ),
    Check(
        package="ptera-core",
        siblings=("ptera-selector",),
        has=frozenset({"lark"}),
        lacks=frozenset(),
        exact=True,
        # From a file: a function's source is read where it was written.
        commands=(("FILE", _CORE), ("-c", _NO_PLUGIN)),
    ),
    Check(
        package="ptera-cli",
        siblings=("ptera-core", "ptera-selector"),
        has=frozenset({"lark", "cyclopts"}),
        lacks=frozenset({"torch", "reactivex", "ruamel-yaml"}),
        exact=False,
        commands=(("-c", _CLI), ("-m", "ptera_cli", "--help")),
    ),
    Check(
        package="ptera-torch",
        siblings=("ptera-core", "ptera-selector"),
        has=frozenset({"lark", "torch"}),
        lacks=frozenset({"cyclopts", "matplotlib", "reactivex", "tensorboard"}),
        exact=False,
        commands=(("FILE", _TORCH),),
    ),
)


def wheel(dist: Path, package: str) -> Path:
    """The one wheel of a package in a folder."""
    found = list(dist.glob(f"{package.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        raise SystemExit(
            f"`{dist}` holds {len(found)} wheels of `{package}`, expected 1: empty it "
            "and run `hatch build --all`"
        )
    return found[0].resolve()


def pins() -> list[str]:
    """The versions that the tests of this repository ask for: a clean environment gets the same."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [line for line in groups["dependency-groups"]["torch"] if "==" in line]


def installed(python: Path) -> set[str]:
    """The distributions in an environment, less those that every environment has."""
    listing = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True
    )
    names = {
        entry["name"].lower().replace("_", "-").replace(".", "-")
        for entry in json.loads(listing.stdout)
    }
    return names - _TOOLS


def surplus_and_lack(check: Check, found: set[str]) -> list[str]:
    """What is wrong with the distributions in the environment of a check."""
    needed = {check.package, *check.siblings, *check.has}
    wrong = [f"`{name}` is missing" for name in sorted(needed - found)]
    unwanted = found - needed if check.exact else found & check.lacks
    return wrong + [f"`{name}` should not be there" for name in sorted(unwanted)]


def run(python: Path, command: tuple[str, ...], folder: Path) -> str | None:
    """Run one command away from the repository; what it printed if it failed."""
    first, *rest = command
    if first == "FILE":
        program = folder / "program.py"
        program.write_text(rest[0], encoding="utf-8")
        command = (str(program),)
    # -I: neither this folder nor the environment's settings may lend a module.
    result = subprocess.run(
        [python, "-I", "-W", "error", *command], cwd=folder, capture_output=True, text=True
    )
    return result.stdout + result.stderr if result.returncode else None


def examine(check: Check, dist: Path) -> list[str]:
    """Make the environment of one check, and say what is wrong."""
    with tempfile.TemporaryDirectory(prefix=f"{check.package}-") as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        (folder / "pins.txt").write_text("\n".join(pins()), encoding="utf-8")
        wheels = [wheel(dist, package) for package in (check.package, *check.siblings)]
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "-c", folder / "pins.txt", *wheels], check=True
        )
        found = installed(python)
        print(f"{check.package}: {', '.join(sorted(found))}")
        wrong = surplus_and_lack(check, found)
        outputs = (run(python, command, folder) for command in check.commands)
        return wrong + [output for output in outputs if output is not None]


def main(arguments: list[str]) -> int:
    """Examine the wheels of a folder; 1 if one of them fails."""
    dist, chosen = Path(arguments[0]), arguments[1:]
    failed = 0
    for check in CHECKS:
        if chosen and check.package not in chosen:
            continue
        for problem in examine(check, dist):
            failed += 1
            print(f"{check.package}: {problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
