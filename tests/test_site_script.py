"""`scripts/check_site.py`, on small sites."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "check_site.py"


def check(site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), site], capture_output=True, text=True)


@pytest.mark.parametrize(
    "name, text, found",
    [
        ("a.html", '<script src="https://cdn.test/x.js"></script>', "https://cdn.test/x.js"),
        ("a.html", '<link rel="stylesheet" href="//cdn.test/x.css">', "//cdn.test/x.css"),
        ("a.html", '<img src="https://badge.test/x.svg">', "https://badge.test/x.svg"),
        ("a.html", '<p style="background: url(https://cdn.test/x.png)">', "https://cdn.test/x.png"),
        ("a.html", '<pre class="mermaid"></pre>', "a mermaid diagram"),
        ("a.css", "@import 'https://fonts.test/x.css';", "https://fonts.test/x.css"),
        ("a.css", "a { background: url(//cdn.test/x.png) }", "//cdn.test/x.png"),
    ],
)
def test_what_is_loaded_from_elsewhere_is_named(
    tmp_path: Path, name: str, text: str, found: str
) -> None:
    (tmp_path / "index.html").write_text("<p>Hello</p>")
    (tmp_path / name).write_text(text)
    result = check(tmp_path)
    assert result.returncode == 1
    assert f"{name}: loads {found}" in result.stderr


def test_links_to_follow_and_own_files_are_fine(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<link rel="canonical" href="https://ptera.test/"><a href="https://elsewhere.test/">there</a>'
        '<script src="assets/x.js"></script><img src="data:image/png;base64,AA">'
    )
    (tmp_path / "x.css").write_text("a { background: url(x.png) }")
    result = check(tmp_path)
    assert (result.returncode, result.stdout) == (
        0,
        "1 pages, 0 things loaded from other hosts\n",
    )


def test_a_site_that_was_not_built_is_no_success(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.returncode == 2
    assert "build the documentation first" in result.stderr
