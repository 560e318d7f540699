"""Which comment belongs to which variable."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from ptera._scope import facts_of
from ptera._source import source_of

Define = Callable[..., dict[str, Any]]
Comments = Callable[[str], dict[str, str]]


@pytest.fixture
def comments(define: Define) -> Comments:
    def read(text: str) -> dict[str, str]:
        variables = facts_of(source_of(define(dedent(text))["f"].__code__)).variables
        return {name: v.comment for name, v in variables.items() if v.comment}

    return read


def test_above_and_beside(comments: Comments) -> None:
    found = comments("""
        def f(x):
            # How fast to learn
            lr: float = 0.1
            epochs: int = 3  # How often
            other = 1
            #: Sphinx
            #:  indented
            noted = 2
            # Above
            both = 3  # Beside
    """)
    assert found == {
        "lr": "How fast to learn",
        "epochs": "How often",
        "noted": "Sphinx\n indented",
        "both": "Above",
    }


def test_several_lines(comments: Comments) -> None:
    found = comments("""
        def f():
            # First line
            #
            #   indented
            # last line.
            x = 1
    """)
    assert found == {"x": "First line\n\n  indented\nlast line."}


def test_a_blank_line_cuts_a_comment_off(comments: Comments) -> None:
    found = comments("""
        def f():
            # A section

            x = 1
            # Of x only
            y = 2
            z = 3
    """)
    assert found == {"y": "Of x only"}


def test_a_comment_beside_the_line_before_is_not_above(comments: Comments) -> None:
    found = comments("""
        def f(a):
            print(a)  # Prints
            x = 1
            y = 2  # Of y
            z = 3
    """)
    assert found == {"y": "Of y"}


def test_marks_inside_strings_are_no_comments(comments: Comments) -> None:
    found = comments('''
        def f():
            x = "# no"
            y = """
            # no
            """
            z = "#"  # yes
    ''')
    assert found == {"z": "yes"}


def test_statements_of_several_lines(comments: Comments) -> None:
    found = comments("""
        def f():
            x = [  # at the start
                1,  # inside
            ]
            y = [
                1,
            ]  # at the end
            z = (
                # inside
                1
            )
    """)
    assert found == {"x": "at the start", "y": "at the end"}


def test_notes_to_tools_are_left_out(comments: Comments) -> None:
    found = comments("""
        def f():
            x = 1  # type: ignore
            # noqa: E501
            y = 2
            # Real
            # pylint: disable=all
            z = 3  # noqa
    """)
    assert found == {"z": "Real"}


def test_parameters_with_lines_of_their_own(comments: Comments) -> None:
    found = comments("""
        def f(a,  # of the head
              # Of b
              b: int = 1,
              c=2,  # Of c
              d=3, e=4  # Of both
        ):  # of the end
            pass
    """)
    assert found == {"b": "Of b", "c": "Of c", "d": "Of both", "e": "Of both"}


def test_parameters_on_the_first_line_have_none(comments: Comments) -> None:
    found = comments("""
        # Of the function
        def f(a, b=1):  # also of the function
            return a
    """)
    assert found == {}


def test_an_annotated_binding_comes_first(comments: Comments) -> None:
    found = comments("""
        def f():
            # plain
            x = 1
            # annotated
            x: int = 2
            # once more
            x = 3
    """)
    assert found == {"x": "annotated"}


def test_other_bindings(comments: Comments) -> None:
    found = comments("""
        def f(self, xs):
            # Each
            for x in xs:
                pass
            # The file
            with xs as y:
                pass
            # The module
            import os
            # Kept
            self.z = 1
            # Helps
            @xs
            def g(): pass
    """)
    assert found == {
        "x": "Each",
        "y": "The file",
        "os": "The module",
        "self.z": "Kept",
        "g": "Helps",
    }
