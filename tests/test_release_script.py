"""`scripts/release.py`, on a copy of the packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARK = "<!-- towncrier release notes start -->"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two packages, `ptera-low` and `ptera-high`, which needs the first; and the script."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name, needs in (("ptera-low", "[]"), ("ptera-high", '["ptera-low>=0.1,<0.2"]')):
        folder = tmp_path / "packages" / name
        (folder / "changelog.d").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\ndependencies = {needs}\n'
            '[tool.hatch.version]\npath = "__about__.py"\n'
        )
        (folder / "__about__.py").write_text('"""Version."""\n\n__version__ = "0.1.0"\n')
        (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{MARK}\n\n## 0.1.0 (2026-01-01)\n")
        (folder / "changelog.d" / "12.bugfix.md").write_text("Something works.")
    return tmp_path


def release(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "scripts" / "release.py"), *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True)


def test_nothing_stops_a_release_of_this_repository() -> None:
    result = release(ROOT, "check")
    assert (result.returncode, result.stdout) == (0, "nothing stops a release\n"), result.stderr


def test_notes_show_the_entry_and_write_nothing(repository: Path) -> None:
    result = release(repository, "notes", "ptera-low")
    assert "### Mended\n\n- Something works. (#12)" in result.stdout
    assert (repository / "packages/ptera-low/changelog.d/12.bugfix.md").exists()


def test_bump_writes_version_and_changelog_of_one_package(repository: Path) -> None:
    result = release(repository, "bump", "ptera-low", "patch")
    assert result.returncode == 0, result.stderr
    assert "git tag ptera-low-v0.1.1" in result.stdout
    low, high = (repository / "packages" / name for name in ("ptera-low", "ptera-high"))
    assert '__version__ = "0.1.1"' in (low / "__about__.py").read_text()
    assert '__version__ = "0.1.0"' in (high / "__about__.py").read_text()
    changelog = (low / "CHANGELOG.md").read_text()
    assert changelog.index("## 0.1.1 (") < changelog.index("## 0.1.0 (")
    assert list((low / "changelog.d").iterdir()) == []
    assert release(repository, "check").returncode == 0


def test_bump_out_of_a_siblings_range_is_refused_and_writes_nothing(repository: Path) -> None:
    result = release(repository, "bump", "ptera-low", "minor")
    assert result.returncode == 1
    assert result.stderr == (
        "ptera-high asks for `ptera-low<0.2,>=0.1`, but ptera-low would be 0.2.0: "
        "try it with that, then widen the range in `ptera-high/pyproject.toml`\n"
    )
    assert "0.1.0" in (repository / "packages/ptera-low/__about__.py").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ("bump", "ptera-lo", "patch"),
            "`ptera-lo` is no package here; there are ptera-high, ptera-low",
        ),
        (
            ("bump", "ptera-low", "path"),
            "`path` is neither a version nor one of major, minor, patch",
        ),
        (("bump", "ptera-low", "0.0.9"), "0.0.9 is below the current version, 0.1.0"),
    ],
)
def test_wrong_arguments_are_named(
    repository: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = release(repository, *arguments)
    assert (result.returncode, result.stderr.strip()) == (1, message)


def test_bump_without_a_fragment_is_refused(repository: Path) -> None:
    (repository / "packages/ptera-low/changelog.d/12.bugfix.md").unlink()
    result = release(repository, "bump", "ptera-low", "patch")
    assert (result.returncode, result.stderr.strip()) == (
        1,
        "`ptera-low/changelog.d` is empty: there is nothing to release",
    )


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("changelog.d/12.fix.md", "Text.", "not named `NUMBER.KIND.md`"),
        ("changelog.d/+word.feature.md", " \n", "empty"),
        ("CHANGELOG.md", "# Changelog\n", "no line `<!-- towncrier"),
        ("CHANGELOG.md", f"{MARK}\n## 0.1\n", "`## 0.1` is not `## VERSION (YYYY-MM-DD)`"),
        ("CHANGELOG.md", f"{MARK}\n## 0.3 (2026-01-01)\n", "0.3 is above the source's 0.1.0"),
    ],
)
def test_check_names_what_is_wrong(repository: Path, name: str, text: str, message: str) -> None:
    (repository / "packages/ptera-low" / name).write_text(text)
    result = release(repository, "check")
    assert result.returncode == 1
    assert f"ptera-low/{name}" in result.stdout
    assert message in result.stdout
