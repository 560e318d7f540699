"""Every `python` block of every Markdown page runs, page by page, from top to bottom."""

import doctest
import linecache
import re
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("packages/*/*.md"), *ROOT.glob("docs/**/*.md")])
_BLOCK = re.compile(
    r"^(?P<indent> *)```python\b[^\n]*\n(?P<code>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path) -> list[tuple[int, str]]:
    """The line and the text of each block that runs."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        indent = match["indent"]
        lines = [line.removeprefix(indent) for line in match["code"].splitlines(keepends=True)]
        found.append((text.count("\n", 0, match.start()) + 1, "".join(lines)))
    return found


def run_session(code: str, page: Path, line: int, names: dict[str, object]) -> None:
    """Run a block that shows a prompt and what is printed."""
    example = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
    runner = doctest.DebugRunner(verbose=False, optionflags=_FLAGS)
    try:
        runner.run(example, clear_globs=False)
    except doctest.DocTestFailure as failure:
        want, got = failure.example.want, failure.got
        pytest.fail(f"{page}:{line}: {failure.example.source}expected {want!r}, got {got!r}")
    names.update(example.globs)


def run_program(code: str, page: Path, line: int, names: dict[str, object]) -> None:
    """Run a block as a module, its source where `inspect` looks for it."""
    # The block's lines stand where they stand on the page, so that a traceback points there.
    source = "\n" * line + code
    name = f"<{page.relative_to(ROOT)}:{line}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec", dont_inherit=True), names)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_blocks_of_page_run(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType(page.stem)
    monkeypatch.setitem(sys.modules, page.stem, module)
    for line, code in blocks(page):
        run = run_session if code.lstrip().startswith(">>>") else run_program
        run(code, page, line, vars(module))


def test_there_are_pages_with_blocks() -> None:
    assert any(blocks(page) for page in PAGES)
