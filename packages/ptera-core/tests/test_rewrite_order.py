"""Whatever an assignment looks like, rewritten it does the same things in the same order."""

import re
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Woven = Callable[..., tuple[FunctionType, Any]]

names = st.sampled_from(["a", "b", "c"])
leaves = st.one_of(
    names,
    names.map(lambda name: f"{name}.x"),
    st.just("obj.x"),
    st.just("obj.y.x"),
    st.sampled_from(["obj[0]", "h[key('k')]", "h[1:key(2)]", "obj.z[0]"]),
)


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=1, max_size=3)
    plain = parts.map(lambda items: f"({', '.join(items)},)")
    starred = st.tuples(parts, names).map(lambda pair: f"[*{pair[1]}, {', '.join(pair[0])}]")
    return st.one_of(plain, starred)


targets = st.recursive(leaves, grouped, max_leaves=5)
values = st.recursive(
    st.sampled_from(["obj", "key(1)", "None", "fail()"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"it({', '.join(items)})"),
    max_leaves=6,
)
assignments = st.builds(
    lambda places, value: " = ".join([*places, value]),
    st.lists(targets, min_size=1, max_size=3),
    values,
)
augmented = st.builds("{} += {}".format, leaves, st.sampled_from(["1", "obj", "fail()"]))
loops = st.builds("for {} in it({}): key('body')".format, targets, values)
withs = st.builds("with obj as {}, obj as {}: key('body')".format, leaves, targets)
annotated = st.builds("{}: key('never') = {}".format, leaves, values)
statements = st.lists(
    st.one_of(assignments, augmented, loops, withs, annotated), min_size=1, max_size=3
)


class Recording:
    """Notes everything that is done with it."""

    def __init__(self, log: list[Any]) -> None:
        object.__setattr__(self, "log", log)

    def __getattr__(self, name: str) -> Any:
        self.log.append(("get", name))
        return self

    def __setattr__(self, name: str, value: object) -> None:
        self.log.append(("set", name, shown(value)))

    def __getitem__(self, key: object) -> Any:
        self.log.append(("item", shown(key)))
        return self

    def __setitem__(self, key: object, value: object) -> None:
        self.log.append(("set item", shown(key), shown(value)))

    def __add__(self, other: object) -> Any:
        self.log.append(("add", shown(other)))
        return self

    def __repr__(self) -> str:
        return "obj"

    def __iter__(self) -> Iterator[Any]:
        self.log.append("iter")
        return iter((self, self))

    def __enter__(self) -> Any:
        self.log.append("enter")
        return self

    def __exit__(self, kind: type | None, error: object, trace: object) -> None:
        self.log.append(("exit", kind))


def shown(value: object) -> object:
    return re.sub(" at 0x[0-9a-f]+", "", repr(value))


def outcome(function: FunctionType, log: list[Any]) -> list[Any]:
    """Gives all that a function does, the error with its line and its last locals included."""
    try:
        log.append(function())
    except Exception as error:
        frame: Any = error.__traceback__.tb_next  # type: ignore[union-attr]
        while frame is not None:
            if frame.tb_frame.f_code.co_name == "f":
                found = {k: shown(v) for k, v in frame.tb_frame.f_locals.items()}
                known = {k: v for k, v in found.items() if k.isidentifier()}
                log.append((type(error), str(error), frame.tb_lineno, known))
            frame = frame.tb_next
    return log


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(statements)
def test_the_order_of_everything_is_kept(woven: Woven, lines: list[str]) -> None:
    body = "".join(f"    {line}\n" for line in lines)
    text = f"def f():\n    a = b = c = obj\n{body}    return sorted(locals().items(), key=str)\n"
    outcomes: list[list[Any]] = []
    for options in ({}, {"wants": "*"}, {"replaces": "*", "elements": "*", "options": "locals"}):
        log: list[Any] = []

        def key(value: object, log: list[Any] = log) -> object:
            log.append(("key", value))
            return value

        def fail(log: list[Any] = log) -> None:
            log.append("fail")
            raise LookupError

        def it(*items: object, log: list[Any] = log) -> Iterator[object]:
            for item in items:
                log.append("next")
                yield item

        known = {"obj": Recording(log), "h": Recording(log), "key": key, "fail": fail, "it": it}
        function, _ = woven(text, names=known, **{"options": "locals", **options})
        outcomes.append(outcome(function, log))
    normal = [[shown_outcome(item) for item in found] for found in outcomes]
    assert normal[1] == normal[0]
    assert normal[2] == normal[0]


def shown_outcome(item: Any) -> Any:
    if isinstance(item, list):
        return [(name, shown(value)) for name, value in item]
    return item
