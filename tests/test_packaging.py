"""What the distributions say of themselves, and what importing them brings in."""

import importlib
import importlib.metadata
import importlib.resources
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = {
    "ptera-selector": "ptera_selector",
    "ptera-core": "ptera",
    "ptera-torch": "ptera_torch",
    "ptera-cli": "ptera_cli",
}
SIBLINGS = {
    "ptera-selector": set[str](),
    "ptera-core": {"ptera-selector"},
    "ptera-torch": {"ptera-core"},
    "ptera-cli": {"ptera-core"},
}
# What a plain import must leave alone, until it is needed.
HEAVY = {
    "ptera_selector": ("lark", "pygments", "ptera", "torch"),
    "ptera": ("lark", "torch", "numpy", "cyclopts", "reactivex", "ptera_torch", "ptera_cli"),
    "ptera_cli": ("torch", "ptera_torch", "lark"),
}

packages = pytest.mark.parametrize("package", IMPORTS)


def project(package: str) -> dict[str, object]:
    text = (ROOT / "packages" / package / "pyproject.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)["project"]
    assert isinstance(table, dict)
    return table


def needs(package: str) -> list[Requirement]:
    found = map(Requirement, importlib.metadata.requires(package) or ())
    return [requirement for requirement in found if requirement.marker is None]


def loaded_by(module: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after one import."""
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-W", "error", "-c", program]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@packages
def test_version_is_the_same_everywhere(package: str) -> None:
    module = importlib.import_module(IMPORTS[package])
    about = importlib.import_module(f"{IMPORTS[package]}.__about__")
    assert module.__version__ == about.__version__ == importlib.metadata.version(package)


@packages
def test_types_are_shipped(package: str) -> None:
    assert importlib.resources.files(IMPORTS[package]).joinpath("py.typed").is_file()


@packages
def test_python_and_licence_are_declared(package: str) -> None:
    table = project(package)
    assert table["requires-python"] == ">=3.11"
    assert table["license"] == "MIT"
    assert (ROOT / "packages" / package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@packages
def test_siblings_are_asked_for_with_a_bounded_range_that_admits_them(package: str) -> None:
    siblings = {need.name: need.specifier for need in needs(package) if need.name in IMPORTS}
    assert set(siblings) == SIBLINGS[package]
    for name, specifier in siblings.items():
        assert specifier.contains(importlib.metadata.version(name))
        assert {part.operator for part in specifier} == {">=", "<"}


def test_only_ptera_torch_needs_torch() -> None:
    assert [name for name in IMPORTS if "torch" in {need.name for need in needs(name)}] == [
        "ptera-torch"
    ]


@pytest.mark.parametrize("module", HEAVY)
def test_import_leaves_alone_what_is_not_needed_yet(module: str) -> None:
    assert loaded_by(module) & set(HEAVY[module]) == set()


def test_core_finds_the_torch_plugin() -> None:
    plugins = importlib.metadata.entry_points(group="ptera.plugins")
    assert {plugin.name: plugin.value for plugin in plugins} == {"torch": "ptera_torch"}


@pytest.mark.parametrize("script, package", [("ptera", "ptera-cli")])
def test_scripts_can_be_loaded(script: str, package: str) -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name=script)
    assert entry.dist is not None
    assert entry.dist.name == package
    assert callable(entry.load())
