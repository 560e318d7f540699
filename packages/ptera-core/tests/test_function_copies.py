"""Copies of function objects: `new`, `clone`, keys, `copy`, `deepcopy`, pickling."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import ptera as module
from ptera import Ptera, StateError, default, override


def ptera(function: Callable[..., Any]) -> Any:
    """Decorates without types: many calls here are such as a type checker refuses."""
    return module.ptera(function)


def with_defaults(**values: object) -> Callable[[Callable[..., Any]], Any]:
    """Gives `@ptera.defaults(...)`, without types too."""
    return module.ptera.defaults(**values)


@ptera
def layer(inp: Any) -> Any:
    W: Any
    T: float = default(1.0)
    return inp * W / T


@ptera
def stack(x: Any) -> Any:
    layers: list[Any]
    for one in layers:
        x = one(x)
    return x


def undecorated(x: int) -> int:
    y = x + 1
    return y


wrapped = ptera(undecorated)


class Model:
    def __init__(self, scale: int) -> None:
        self.scale = scale

    @ptera
    def run(self, x: int) -> int:
        y = x * self.scale
        return y


class TestNew:
    def test_the_original_stays(self) -> None:
        layer.new(W=3)
        with pytest.raises(NameError):
            layer(1)

    def test_copies_of_copies(self) -> None:
        assert layer.new(W=3).new(T=2).new(W=8)(1) == 4

    def test_clone_sets_variables_too(self) -> None:
        assert layer.clone(W=3)(1) == 3

    def test_an_unknown_variable(self) -> None:
        with pytest.raises(StateError):
            layer.new(V=1)

    def test_a_variable_called_self(self) -> None:
        method = Model.run.new(self=Model(5))
        assert method(x=2) == 10

    def test_attributes_are_copied(self) -> None:
        first = layer.new(W=1)
        first.note = "a note"
        assert first.new().note == "a note"


class TestKeys:
    def test_a_key_shows_and_copies_keep_it(self) -> None:
        keyed = layer["first"]
        assert repr(keyed) == "<ptera layer['first']>"
        assert repr(keyed.new(W=1)) == "<ptera layer['first'](W=1)>"

    def test_it_is_what_selectors_ask_for(self) -> None:
        @ptera
        def pair(x: int) -> Any:
            one = wrapped["one"](x)
            return wrapped["two"](one)

        assert pair.using(ys="undecorated[two] > y")(1).ys.map("y") == [3]
        assert pair.tweak({"undecorated[one] > y": 10})(1) == 11

    def test_an_object_is_no_sequence(self) -> None:
        with pytest.raises(TypeError):
            iter(layer)
        with pytest.raises(TypeError):
            print(1 in layer)


class TestCopy:
    def test_copy_has_its_own_state(self) -> None:
        first = layer.new(W=2)
        second = copy.copy(first)
        second.state.W = 3
        assert (first(1), second(1)) == (2, 3)

    def test_deepcopy_copies_what_the_state_holds(self) -> None:
        model = stack.new(layers=[layer.new(W=2), layer.new(W=3)])
        other = copy.deepcopy(model)
        other.state.layers[0].state.W = 10
        assert (model(1), other(1)) == (6, 30)

    def test_deepcopy_keeps_priorities_defaults_keys_and_arguments(self) -> None:
        first = with_defaults(T=2)(layer).new(W=override([1]))[5]
        second = copy.deepcopy(first)
        assert second.state.W == [1] and second.state.W is not first.state.W
        assert repr(second) == "<ptera layer[5](W=[1], T=2)>"
        bound = copy.deepcopy(Model(3).run)
        assert bound(2) == 6

    def test_deepcopy_of_a_structure_that_holds_itself(self) -> None:
        model = stack.new(layers=[])
        model.state.layers.append(model)
        other = copy.deepcopy(model)
        assert other.state.layers[0] is other


class TestPickle:
    def test_by_reference(self) -> None:
        assert pickle.loads(pickle.dumps(layer)) is layer

    def test_copies_with_their_state(self) -> None:
        model = stack.new(layers=[layer.new(W=2, T=override(4))["k"]])
        again = pickle.loads(pickle.dumps(model))
        assert again is not model
        assert again(2) == 1
        assert repr(again.state.layers[0]) == "<ptera layer['k'](W=2, T=4)>"
        assert again.state.layers[0].new(T=override(2))(2) == 2

    def test_defaults_and_the_wish_for_results(self) -> None:
        wished = with_defaults(W=2)(layer).clone(return_object=True)
        again = pickle.loads(pickle.dumps(wished))
        assert again(3).value == 6

    def test_objects_of_undecorated_functions(self) -> None:
        again = pickle.loads(pickle.dumps(wrapped.new(x=3)))
        assert again() == 4

    def test_bound_methods(self) -> None:
        again = pickle.loads(pickle.dumps(Model(3).run))
        assert again(2) == 6

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_every_protocol(self, protocol: int) -> None:
        assert pickle.loads(pickle.dumps(layer, protocol)) is layer
        assert pickle.loads(pickle.dumps(layer.new(W=2), protocol))(1) == 2

    def test_what_cannot_be_pickled_says_why(self) -> None:
        @ptera
        def local(x: int) -> int:
            return x

        with pytest.raises(pickle.PicklingError, match="local function"):
            pickle.dumps(local)
        attached = layer.new(W=2).tweak({"layer > T": 2})
        with pytest.raises(pickle.PicklingError, match="what is attached"):
            pickle.dumps(attached)


def test_a_partial_of_an_object() -> None:
    import functools

    assert functools.partial(layer.new(W=2), 3)() == 6


def test_an_object_of_a_partial() -> None:
    import functools

    def f(a: int, b: int, c: int = 0) -> tuple[int, int, int]:
        return a, b, c

    made = ptera(functools.partial(f, 1, c=5))
    assert made(2) == (1, 2, 5)
    assert made.new(b=override(9))(2) == (1, 9, 5)
    assert made.using(q="f{a, b}")(2).q.map("a", "b") == [(1, 2)]
    assert isinstance(made, Ptera)
