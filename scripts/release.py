"""Release one package at a time.

Usage:
    python scripts/release.py check               what would stop a release of any package
    python scripts/release.py notes PACKAGE       the changelog entry that its fragments make
    python scripts/release.py bump PACKAGE PART   write the version and the changelog

PART is `major`, `minor`, `patch`, or a version. `bump` writes two files and says what to commit and
tag; nothing is uploaded.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
RULES = Path(__file__).with_name("towncrier.toml")
KINDS = ("removal", "feature", "bugfix", "doc")
# `12.feature.md` for an issue, `+word.feature.md` without one.
_FRAGMENT = re.compile(rf"(?:\d+|\+[\w-]+)\.(?:{'|'.join(KINDS)})(?:\.\d+)?\.md")
_HEADING = re.compile(r"^## (?P<version>\S+) \((?P<date>\d{4}-\d\d-\d\d)\)$", re.MULTILINE)
_VERSION_LINE = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)


class ReleaseError(Exception):
    """A release that cannot be made, and why."""


@dataclass(frozen=True, slots=True)
class Package:
    """One distribution of this repository."""

    name: str
    folder: Path

    @property
    def about(self) -> Path:
        """The file that holds the version, as its metadata says."""
        return self.folder / str(self._project()["tool"]["hatch"]["version"]["path"])

    @property
    def version(self) -> Version:
        """The version in the source."""
        match = _VERSION_LINE.search(self.about.read_text(encoding="utf-8"))
        if match is None:
            raise ReleaseError(f'`{self.about}` has no line `__version__ = "..."`')
        return Version(match["version"])

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it declares to need."""
        return tuple(map(Requirement, self._project()["project"].get("dependencies", ())))

    @property
    def changelog(self) -> Path:
        """What users read, newest version first."""
        return self.folder / "CHANGELOG.md"

    @property
    def fragments(self) -> tuple[Path, ...]:
        """The changes since the last release, a file each."""
        return tuple(sorted((self.folder / "changelog.d").glob("[!.]*")))

    def _project(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))


def packages(root: Path = ROOT) -> dict[str, Package]:
    """The distributions of a repository, by name."""
    folders = sorted(path.parent for path in root.glob("packages/*/pyproject.toml"))
    return {folder.name: Package(folder.name, folder) for folder in folders}


def find(root: Path, name: str) -> Package:
    """The package of that name."""
    known = packages(root)
    if name not in known:
        raise ReleaseError(f"`{name}` is no package here; there are {', '.join(known)}")
    return known[name]


def ranges(root: Path, versions: dict[str, Version]) -> Iterator[str]:
    """What is wrong with the ranges that packages declare on each other, for these versions."""
    for package in packages(root).values():
        for requirement in package.requirements:
            version = versions.get(requirement.name)
            if version is None:
                continue
            if not requirement.specifier.contains(version, prereleases=True):
                yield (
                    f"{package.name} asks for `{requirement}`, but {requirement.name} would be "
                    f"{version}: try it with that, then widen the range in "
                    f"`{package.folder.name}/pyproject.toml`"
                )
            if not any(part.operator in ("<", "<=", "~=", "==") for part in requirement.specifier):
                yield f"{package.name} asks for `{requirement}` without an upper bound"


def changelog(package: Package) -> Iterator[str]:
    """What is wrong with a changelog and its fragments."""
    where = f"{package.name}/CHANGELOG.md"
    text = package.changelog.read_text(encoding="utf-8")
    if "<!-- towncrier release notes start -->" not in text:
        yield f"{where}: no line `<!-- towncrier release notes start -->`"
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    yield from (
        f"{where}: `{head}` is not `## VERSION (YYYY-MM-DD)`"
        for head in heads
        if not _HEADING.match(head)
    )
    versions = [Version(match["version"]) for match in _HEADING.finditer(text)]
    if versions != sorted(set(versions), reverse=True):
        yield f"{where}: versions are not in falling order"
    if versions and versions[0] > package.version:
        yield f"{where}: {versions[0]} is above the source's {package.version}"
    for path in package.fragments:
        if not _FRAGMENT.fullmatch(path.name):
            yield (
                f"{package.name}/changelog.d/{path.name}: not named `NUMBER.KIND.md` or "
                f"`+WORD.KIND.md`, KIND one of {', '.join(KINDS)}"
            )
        elif not path.read_text(encoding="utf-8").strip():
            yield f"{package.name}/changelog.d/{path.name}: empty"


def problems(root: Path) -> list[str]:
    """All that would stop a release."""
    known = packages(root)
    found = [line for package in known.values() for line in changelog(package)]
    return found + list(ranges(root, {name: package.version for name, package in known.items()}))


def next_version(current: Version, part: str) -> Version:
    """The version that a part or a version text asks for."""
    major, minor, patch = (*current.release, 0, 0)[:3]
    steps = {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
    }
    try:
        version = Version(steps.get(part, part))
    except InvalidVersion:
        message = f"`{part}` is neither a version nor one of {', '.join(steps)}"
        raise ReleaseError(message) from None
    if version < current:
        raise ReleaseError(f"{version} is below the current version, {current}")
    return version


def towncrier(package: Package, version: Version, *options: str) -> str:
    """Run the changelog tool on one package; what it prints."""
    command = [sys.executable, "-m", "towncrier", "build", "--config", str(RULES)]
    names = ["--dir", str(package.folder), "--name", package.name, "--version", str(version)]
    result = subprocess.run([*command, *names, *options], capture_output=True, text=True)
    if result.returncode:
        raise ReleaseError(f"towncrier failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def notes(root: Path, name: str) -> str:
    """The entry that the fragments of a package make."""
    package = find(root, name)
    return towncrier(package, package.version, "--draft")


def bump(root: Path, name: str, part: str) -> str:
    """Write the version and the changelog of a package; what to do next."""
    package = find(root, name)
    version = next_version(package.version, part)
    if not package.fragments:
        raise ReleaseError(f"`{name}/changelog.d` is empty: there is nothing to release")
    versions = {known: other.version for known, other in packages(root).items()}
    wrong = [*changelog(package), *ranges(root, {**versions, name: version})]
    if wrong:
        raise ReleaseError("\n".join(wrong))
    text = package.about.read_text(encoding="utf-8")
    package.about.write_text(
        _VERSION_LINE.sub(f'__version__ = "{version}"', text), encoding="utf-8"
    )
    towncrier(package, version, "--yes")
    folder = package.folder.relative_to(root)
    return (
        f"{name} is {version}. Look at it, then:\n"
        f'  git add {folder} && git commit -m "Release {name} {version}"\n'
        f"  git tag {name}-v{version} && hatch build --all"
    )


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Carry out one command line; 1 if there is something to mend, 2 if it is not understood."""
    try:
        match arguments:
            case ["check"]:
                found = problems(root)
                print("\n".join(found) or "nothing stops a release")
                return 1 if found else 0
            case ["notes", name]:
                print(notes(root, name))
            case ["bump", name, part]:
                print(bump(root, name, part))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
