"""What assignments bind: text in, text out, one test for each form."""

from collections.abc import Callable
from textwrap import dedent

Rewritten = Callable[..., str]


def body(text: str) -> str:
    """Gives the text of a function with this body."""
    lines = "".join(f"    {line}\n" for line in dedent(text).strip().splitlines())
    return f"def f(a, b, h, self):\n{lines}".rstrip()


def test_a_name_is_tapped_after_its_assignment(rewritten: Rewritten) -> None:
    assert rewritten(body("x = a + b"), wants="x") == body("""
        x = a + b
        TAP('x', x)
    """)


def test_other_names_are_left_alone(rewritten: Rewritten) -> None:
    assert rewritten(body("x = a\ny = b"), wants="z") == body("x = a\ny = b")


def test_a_single_name_is_replaced_in_one_go(rewritten: Rewritten) -> None:
    assert rewritten(body("x = a + b"), replaces="x") == body("""
        x = NEW('x', a + b)
        TAP('x', x)
    """)


def test_chained_targets_are_bound_first(rewritten: Rewritten) -> None:
    assert rewritten(body("x = y = a"), replaces="x y") == body("""
        x = y = a
        x = NEW('x', x)
        TAP('x', x)
        y = NEW('y', y)
        TAP('y', y)
    """)


def test_unpacking_is_kept(rewritten: Rewritten) -> None:
    assert rewritten(body("(x, [y, *z]), w = a"), wants="x z w") == body("""
        (x, [y, *z]), w = a
        TAP('x', x)
        TAP('z', z)
        TAP('w', w)
    """)


def test_a_name_bound_twice_has_two_values(rewritten: Rewritten) -> None:
    assert rewritten(body("x, x = a"), wants="x") == body("""
        .t1 = a
        .t2, .t3 = .t1
        x = .t2
        x = .t3
        TAP('x', .t2)
        TAP('x', .t3)
        del .t1, .t2, .t3
    """)


def test_a_name_bound_twice_that_nobody_wants_is_unpacked(rewritten: Rewritten) -> None:
    assert rewritten(body("_, _, x = a"), wants="x") == body("""
        _, _, x = a
        TAP('x', x)
    """)


def test_an_attribute_is_set_once_and_not_read(rewritten: Rewritten) -> None:
    assert rewritten(body("self.x = a"), wants="self.x") == body("""
        .t1 = a
        self.x = .t1
        TAP('self.x', .t1)
        del .t1
    """)


def test_an_attribute_is_set_to_the_replaced_value(rewritten: Rewritten) -> None:
    assert rewritten(body("self.y.x = a"), replaces="self.y.x") == body("""
        .t1 = a
        .t2 = NEW('self.y.x', .t1)
        self.y.x = .t2
        TAP('self.y.x', .t2)
        del .t1, .t2
    """)


def test_attributes_of_anything_else_are_no_variables(rewritten: Rewritten) -> None:
    assert rewritten(body("a().x = b"), wants="a.x x") == body("a().x = b")


def test_an_attribute_in_a_tuple_is_set_in_its_turn(rewritten: Rewritten) -> None:
    assert rewritten(body("x, self.y, z = a"), wants="self.y") == body("""
        .t1 = a
        .t2, .t3, .t4 = .t1
        x = .t2
        self.y = .t3
        z = .t4
        TAP('self.y', .t3)
        del .t1, .t2, .t3, .t4
    """)


def test_inner_unpacking_takes_place_in_its_turn(rewritten: Rewritten) -> None:
    assert rewritten(body("x, (self.y, *z), (p, q) = a"), wants="self.y z") == body("""
        .t1 = a
        .t2, .t3, .t4 = .t1
        x = .t2
        .t5, *.t6 = .t3
        self.y = .t5
        z = .t6
        p, q = .t4
        TAP('self.y', .t5)
        TAP('z', .t6)
        del .t1, .t2, .t3, .t4, .t5, .t6
    """)


def test_a_chain_with_an_attribute_evaluates_its_value_once(rewritten: Rewritten) -> None:
    assert rewritten(body("x = self.y = a()"), replaces="x self.y") == body("""
        .t1 = a()
        x = .t1
        .t2 = NEW('self.y', .t1)
        self.y = .t2
        x = NEW('x', .t1)
        TAP('x', x)
        TAP('self.y', .t2)
        del .t1, .t2
    """)


def test_an_augmented_name(rewritten: Rewritten) -> None:
    assert rewritten(body("x = a\nx += b"), replaces="x") == body("""
        x = NEW('x', a)
        TAP('x', x)
        x += b
        x = NEW('x', x)
        TAP('x', x)
    """)


def test_an_augmented_attribute_is_read_once_and_set_once(rewritten: Rewritten) -> None:
    assert rewritten(body("self.x += a"), replaces="self.x") == body("""
        .t1 = self
        .t2 = .t1.x
        .t2 += a
        .t3 = NEW('self.x', .t2)
        .t1.x = .t3
        TAP('self.x', .t3)
        del .t1, .t2, .t3
    """)


def test_an_element_has_a_key_and_a_value(rewritten: Rewritten) -> None:
    assert rewritten(body("h[a + 1] = b"), elements="h") == body("""
        .t1 = b
        .t2 = h
        .t3 = a + 1
        .t2[.t3] = .t1
        TAP_ELEMENT('h', .t3, .t1)
        del .t1, .t2, .t3
    """)


def test_an_element_is_stored_with_the_replaced_value(rewritten: Rewritten) -> None:
    text = rewritten("def f(a, b):\n    h[a] = b", elements="h", replaces="h")
    assert text == dedent("""\
        def f(a, b):
            try:
                .t1 = h
            except NameError:
                pass
            else:
                TAP('h', .t1)
                del .t1
            .t1 = b
            .t2 = h
            .t3 = a
            .t4 = NEW_ELEMENT('h', .t3, .t1)
            .t2[.t3] = .t4
            TAP_ELEMENT('h', .t3, .t4)
            del .t1, .t2, .t3, .t4""")


def test_a_slice_is_the_key_that_the_object_is_given(rewritten: Rewritten) -> None:
    assert rewritten(body("h[1:a, ...] = b"), elements="h") == body(r"""
        .t1 = b
        .t2 = h
        .t3 = ('\x00ptera.slice'(1, a, None), ...)
        .t2[.t3] = .t1
        TAP_ELEMENT('h', .t3, .t1)
        del .t1, .t2, .t3
    """)


def test_an_augmented_element(rewritten: Rewritten) -> None:
    assert rewritten(body("h[a] += b"), elements="h") == body("""
        .t1 = h
        .t2 = a
        .t3 = .t1[.t2]
        .t3 += b
        .t1[.t2] = .t3
        TAP_ELEMENT('h', .t2, .t3)
        del .t1, .t2, .t3
    """)


def test_an_element_in_a_tuple_uses_what_was_bound_before_it(rewritten: Rewritten) -> None:
    assert rewritten(body("x, h[x] = a"), elements="h") == body("""
        .t1 = a
        .t2, .t3 = .t1
        x = .t2
        .t4 = h
        .t5 = x
        .t4[.t5] = .t3
        TAP_ELEMENT('h', .t5, .t3)
        del .t1, .t2, .t3, .t4, .t5
    """)


def test_elements_of_attributes_are_left_alone(rewritten: Rewritten) -> None:
    assert rewritten(body("self.h[0] = a"), elements="self h") == body("self.h[0] = a")
