"""What `import ptera_selector` brings with it."""

import subprocess
import sys

import pytest

import ptera_selector


def modules_after(code: str) -> set[str]:
    """The modules that are loaded after some code, in a fresh interpreter."""
    shown = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_import_is_light() -> None:
    brought = modules_after("import ptera_selector") - modules_after("pass")
    assert brought == {"ptera_selector", "ptera_selector.__about__"}


def test_parser_is_light_until_it_parses() -> None:
    brought = modules_after("from ptera_selector import *") - modules_after("import dataclasses")
    assert not brought & {"lark", "argparse", "pygments", "difflib"}


def test_trees_work_without_lark() -> None:
    code = "import ptera_selector as s\nstr(s.Selector(s.Call('f')))"
    assert "lark" not in modules_after(code)


def test_lark_comes_with_the_first_parse() -> None:
    assert "lark" in modules_after("import ptera_selector\nptera_selector.parse('x')")


def test_every_public_name_is_there() -> None:
    for name in ptera_selector.__all__:
        assert getattr(ptera_selector, name) is not None
    assert dir(ptera_selector) == sorted(ptera_selector.__all__)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'prase'"):
        ptera_selector.prase  # noqa: B018 - what is tested
