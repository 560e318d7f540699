"""Which value a variable gets: the code's own, the state's, or none."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import ptera as module
from ptera import (
    ConflictError,
    OverrideError,
    StateError,
    UnsetVariableError,
    default,
    override,
    required,
)


def ptera(function: Callable[..., Any]) -> Any:
    """Decorates without types: many calls here are such as a type checker refuses."""
    return module.ptera(function)


def with_defaults(**values: object) -> Callable[[Callable[..., Any]], Any]:
    """Gives `@ptera.defaults(...)`, without types too."""
    return module.ptera.defaults(**values)


def noted(calls: list[int], value: int) -> int:
    calls.append(1)
    return value


@ptera
def layer(inp: Any) -> Any:
    W: float
    T: float = default(1.0)
    act = inp * W
    return act / T


@ptera
def declared_by_call(inp: Any) -> Any:
    W: float = required()
    return inp * W


@ptera
def assigned(x: Any) -> Any:
    y = x + 1
    return y


@ptera
def parameters(a: Any, b: Any = 2, *rest: Any, c: Any, d: Any = 4, **more: Any) -> Any:
    return a, b, rest, c, d, more


class TestDeclared:
    def test_a_value_is_given_from_outside(self) -> None:
        assert layer.new(W=3)(2) == 6

    def test_without_a_value_there_is_an_error_that_says_where(self) -> None:
        with pytest.raises(UnsetVariableError) as caught:
            layer(2)
        error = caught.value
        line = layer.__wrapped__.__code__.co_firstlineno + 2
        assert (error.variable, error.function, error.path, error.line) == (
            "W",
            "layer",
            __file__,
            line,
        )
        assert "layer.new(W=...)" in str(error)
        assert isinstance(error, NameError)

    def test_it_can_be_assigned_later(self) -> None:
        @ptera
        def doubled(x: float) -> float:
            scale: float
            scale = scale * 2
            return x * scale

        assert doubled.new(scale=3)(1) == 6

    def test_it_can_be_set_again_in_each_pass_of_a_loop(self) -> None:
        @ptera
        def passes() -> list[int]:
            seen: list[int] = []
            for _ in range(2):
                n: int
                seen.append(n)
                n = 0
            return seen

        assert passes.new(n=7)() == [7, 7]

    def test_required_means_the_same(self) -> None:
        assert declared_by_call.new(W=3)(2) == 6
        with pytest.raises(UnsetVariableError, match="`W` of `declared_by_call`"):
            declared_by_call(2)

    def test_required_may_be_closed_over(self) -> None:
        from ptera import required as needed

        @ptera
        def f(x: float) -> float:
            W: float = needed()
            return x * W

        with pytest.raises(RuntimeError, match="required"):
            f(1)

    def test_a_tweak_gives_the_value_too(self) -> None:
        assert layer.tweak({"layer > W": 5})(2) == 10

    def test_a_tweak_that_does_not_match_leaves_it_unset(self) -> None:
        tweaked = layer.tweak({"layer{inp=7} > W": 5})
        assert tweaked(7) == 35
        with pytest.raises(UnsetVariableError):
            tweaked(8)

    def test_a_rewrite_gives_the_value_too(self) -> None:
        assert layer.rewrite({"layer{inp} > W": lambda inp: inp})(3) == 9


class TestDefault:
    def test_it_holds_unless_something_is_set(self) -> None:
        assert layer.new(W=3)(2) == 6
        assert layer.new(W=3, T=2)(2) == 3

    def test_it_is_not_evaluated_when_something_is_set(self) -> None:
        calls: list[int] = []

        @ptera
        def f() -> int:
            x = default(noted(calls, 5))
            return x

        assert (f(), calls) == (5, [1])
        assert (f.new(x=6)(), calls) == (6, [1])

    def test_its_expression_may_bind_and_close_over_names(self) -> None:
        base = 3

        @ptera
        def f() -> tuple[int, ...]:
            n = 0
            x = default(n := base)
            return x, n

        assert f() == (3, 3)
        assert f.new(x=1)() == (1, 0)

    def test_other_assignments_of_the_variable_stay(self) -> None:
        @ptera
        def countdown() -> list[int]:
            n: int = default(3)
            seen = []
            while n:
                seen.append(n)
                n -= 1
            return seen

        assert countdown.new(n=2)() == [2, 1]


class TestAssigned:
    def test_a_plain_value_conflicts_with_the_code(self) -> None:
        with pytest.raises(ConflictError) as caught:
            assigned.new(y=3)(1)
        line = assigned.__wrapped__.__code__.co_firstlineno + 2
        assert caught.value.variable == "y"
        assert f"{__file__}:{line}" in caught.value.places[0]
        assert "state of `assigned`" in caught.value.places[1]

    def test_an_override_wins(self) -> None:
        assert assigned.new(y=override(30))(1) == 30

    def test_an_overlay_wins_over_both(self) -> None:
        assert assigned.new(y=3).tweak({"assigned > y": 9})(1) == 9
        assert assigned.new(y=override(3)).tweak({"assigned > y": 9})(1) == 9

    def test_what_the_code_computes_is_still_computed(self) -> None:
        calls: list[int] = []

        @ptera
        def f() -> int:
            x = noted(calls, 1)
            return x

        assert f.new(x=override(5))() == 5
        assert calls == [1]

    @pytest.mark.parametrize(
        ("function", "arguments", "expected"),
        [
            pytest.param(lambda x: [x := x + 1 for _ in (1, 2)], (0,), [9, 9], id="walrus"),
            pytest.param(lambda x: (x := x + 1), (0,), 9, id="walrus in a lambda"),
        ],
    )
    def test_an_override_in_expressions(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], expected: Any
    ) -> None:
        assert ptera(function).new(x=override(9))(*arguments) == expected

    def test_an_override_wherever_it_is_bound(self) -> None:
        @ptera
        def everywhere(pair: Any) -> Any:
            a, (b, *c) = pair
            for i in range(2):
                pass
            a += 1
            return a, b, c, i

        found = everywhere.new(a=override(7), c=override("C"), i=override("I"))
        assert found((1, (2, 3))) == (7, 2, "C", "I")

    def test_an_override_of_an_attribute(self) -> None:
        class Box:
            content: Any = None

        @ptera
        def fill(box: Box, value: Any) -> Box:
            box.content = value
            return box

        filled = fill.new(**{"box.content": override(7)})
        assert filled(Box(), 1).content == 7

    def test_targets_that_cannot_be_set_are_refused(self) -> None:
        @ptera
        def f(xs: list[int]) -> Any:
            try:
                return [x for x in xs]
            except ValueError as error:
                return error

        with pytest.raises(OverrideError, match="`x`: it is the target of a comprehension"):
            f.new(x=override(1))
        with pytest.raises(OverrideError, match="`error`: it is an exception"):
            f.new(error=1)


class TestParameters:
    def test_one_that_is_set_need_not_be_given(self) -> None:
        assert parameters.new(a=1, c=3)() == (1, 2, (), 3, 4, {})

    def test_an_argument_conflicts_with_the_state(self) -> None:
        with pytest.raises(ConflictError, match="`a` of `parameters` .* argument of the call"):
            parameters.new(a=1)(5, c=3)
        with pytest.raises(ConflictError, match="`c` of `parameters`"):
            parameters.new(c=1)(5, c=3)

    def test_an_override_wins_over_the_argument(self) -> None:
        assert parameters.new(a=override(1), d=override(9))(5, c=3, d=8) == (1, 2, (), 3, 9, {})

    def test_the_state_wins_over_the_parameters_own_default(self) -> None:
        assert parameters.new(b=20, d=40)(1, c=3) == (1, 20, (), 3, 40, {})

    def test_what_follows_must_still_be_given(self) -> None:
        @ptera
        def f(a: int, b: int, c: int) -> tuple[int, ...]:
            return a, b, c

        set_first = f.new(a=1)
        assert set_first(b=2, c=3) == (1, 2, 3)
        with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'c'"):
            set_first(b=2)
        with pytest.raises(TypeError, match=r"missing 2 required positional arguments: 'b' and"):
            set_first()

    def test_it_may_be_rebound(self) -> None:
        @ptera
        def f(x: int) -> int:
            x = x + 1
            x, y = x + 1, 0
            return x + y

        assert f.new(x=5)() == 7

    def test_an_overlay_wins(self) -> None:
        assert parameters.new(a=1).tweak({"parameters > a": 7})(5, c=3)[0] == 7

    def test_a_value_of_star_args_conflicts_unless_it_is_an_override(self) -> None:
        with pytest.raises(ConflictError, match="`rest`"):
            parameters.new(rest=(1,))(1, c=3)
        assert parameters.new(rest=override((9,)))(1, c=3)[2] == (9,)

    def test_the_same_object_is_no_conflict(self) -> None:
        value = object()
        assert parameters.new(a=value)(value, c=1)[0] is value

    def test_a_call_cannot_reach_the_state_by_keyword(self) -> None:
        with pytest.raises(TypeError, match="unexpected keyword argument 'W'"):
            layer.new(W=3)(2, W=5)


class TestDecoratorDefaults:
    def test_they_fill_declarations_parameters_and_defaults(self) -> None:
        @with_defaults(W=2.0, T=4.0, inp=10)
        def f(inp: float) -> float:
            W: float
            T: float = default(1.0)
            return inp * W / T

        assert f() == 5
        assert f(2) == 1
        assert f.new(W=8, T=1, inp=1)() == 8

    def test_the_codes_own_value_wins(self) -> None:
        @with_defaults(y=5)
        def f() -> int:
            y = 1
            return y

        assert f() == 1

    def test_a_parameter_with_a_default_of_its_own_conflicts(self) -> None:
        @with_defaults(x=3)
        def f(x: int = 1) -> int:
            return x

        with pytest.raises(ConflictError, match="its default in the signature .*`@ptera.defaults`"):
            f()
        assert f(7) == 7
        assert f.new(x=8)() == 8
        assert f.tweak({"f > x": 9})() == 9

    def test_an_unknown_variable_is_an_error(self) -> None:
        with pytest.raises(StateError, match="`f` has no variable `weigth` to set. Did you mean"):

            @with_defaults(weigth=1)
            def f(x: int) -> int:
                weight: int
                return weight * x

    def test_the_state_falls_back_to_them(self) -> None:
        @with_defaults(x=3)
        def f(x: int) -> int:
            return x

        changed = f.new(x=4)
        del changed.state.x
        assert changed() == 3


class TestNamesThatAreOnlyRead:
    def test_they_can_be_replaced(self) -> None:
        @ptera
        def smallest(x: int, y: int) -> int:
            return min(x, y)

        assert smallest.new(min=max)(1, 2) == 2
        assert smallest(1, 2) == 1

    def test_in_comprehensions_too_but_not_where_a_target_hides_them(self) -> None:
        @ptera
        def f(xs: list[int]) -> Any:
            return [abs(x) for x in xs], [abs for abs in xs], [len(xs) for _ in [abs(1)]]

        replaced = f.new(len=lambda xs: "many")
        assert replaced([-1]) == ([1], [-1], ["many"])

    def test_in_decorators_and_defaults_of_nested_functions(self) -> None:
        @ptera
        def f() -> Any:
            def inner(x: Any = str(1)) -> Any:  # noqa: B008 - it is what is tested
                return x, str(2)

            return inner()

        assert f.new(str=repr)() == ("1", "2")
        assert f.new(str=lambda x: x)() == (1, "2")

    def test_closed_over_names(self) -> None:
        scale = 3

        @ptera
        def f(x: int) -> int:
            return x * scale

        assert f.new(scale=10)(2) == 20
        assert f(2) == 6

    def test_all_bound_code_goes_on_using_closures(self) -> None:
        scale, shift = 3, 1

        @ptera
        def f(x: int) -> int:
            return x * scale + shift

        assert f.new(scale=10)(2) == 21


class TestView:
    def test_it_is_read_set_and_deleted(self) -> None:
        copy = layer.new(W=3)
        copy.state.T = 2
        assert (copy.state.W, copy.state.T, copy(2)) == (3, 2, 3)
        del copy.state.T
        assert copy(2) == 6
        copy.state.W = override(5)
        assert (copy.state.W, copy(2)) == (5, 10)

    def test_it_changes_the_object_alone(self) -> None:
        first = layer.new(W=1)
        second = first.new()
        first.state.W = 2
        assert (first(1), second(1)) == (2, 1)

    def test_it_is_iterated_in_the_order_of_the_variables(self) -> None:
        state = layer.new(T=1, W=2).state
        assert list(state) == ["W", "T"]
        assert len(state) == 2
        assert "W" in state and "inp" not in state
        assert state["W"] == 2

    def test_it_shows_its_values(self) -> None:
        assert repr(layer.new(W=1).state) == "<state of layer: W=1>"
        assert repr(layer.state) == "<state of layer: nothing is set>"
        assert dir(layer.state) == ["T", "W", "act", "inp"]

    def test_an_unknown_variable_names_the_nearest(self) -> None:
        with pytest.raises(StateError, match="no variable `TT` to set. Did you mean `T`"):
            layer.state.TT = 3
        with pytest.raises(AttributeError):
            print(layer.state.nothing_like_it)

    def test_a_variable_that_is_not_set(self) -> None:
        with pytest.raises(StateError, match=r"`layer.state.W` is not set"):
            print(layer.state.W)
        assert getattr(layer.state, "W", None) is None
        with pytest.raises(StateError, match=r"`layer.state.W` is not set"):
            del layer.state.W

    def test_the_state_is_hidden_from_locals(self) -> None:
        @ptera
        def f(x: int) -> Any:
            y: int
            y = y + 1
            return sorted(vars()), dir(), locals()

        assert f.new(y=1)(5) == (["x", "y"], ["x", "y"], {"x": 5, "y": 2})

    def test_priorities_of_overrides(self) -> None:
        with pytest.raises(OverrideError, match="weighs more than 0, not -1"):
            layer.new(W=override(1, priority=-1))
        assert assigned.new(y=override(4, priority=0.5))(1) == 4


def test_an_unknown_field_of_new() -> None:
    message = "`layer` has no variable `Wt` to set. Did you mean `W`?"
    with pytest.raises(StateError, match=re.escape(message)):
        layer.new(Wt=1)


def test_generators_take_their_state_too() -> None:
    @ptera
    def count(n: int) -> Any:
        step: int
        for i in range(n):
            yield i * step

    assert list(count.new(step=10, n=3)()) == [0, 10, 20]


def test_methods_with_mangled_names() -> None:
    class Secret:
        @ptera
        def get(self, __x: int = 1) -> int:
            __y: int = default(2)
            return __x + __y

    assert Secret().get() == 3
