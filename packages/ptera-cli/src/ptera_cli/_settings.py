"""Selectors set from a command line or a file: `--set 'layer[1] > T=10'`."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ptera_selector import (
    Call,
    Capture,
    Filter,
    Predicate,
    Role,
    Selector,
    SelectorSyntaxError,
    focus,
    function_names,
    parse,
    path,
    walk,
)

from ._convert import convert
from ._errors import SettingError, syntax_reason
from ._kinds import Rules
from ._literals import literal
from ._nodes import Data, Layer, Leaf, Origin, Text
from ._scalars import ConversionError
from ._sources import Setting
from ._spec import ANY
from ._values import refused

__all__ = ["Applied", "applied_settings", "setting_value", "settings_from_words", "variable_of"]

TypeOf = Callable[[str | None, str], object]
"""Gives the type of a variable, from the function's name (None for any) and its own."""


class Applied(NamedTuple):
    """A setting that was checked.

    Arguments:
        selector: The selector.
        value: The value for its focus.
        type: The declared type of its focus, as far as known.
        setting: What was written.
    """

    selector: Selector
    value: object
    type: object
    setting: Setting

    @property
    def origin(self) -> Origin:
        """Where it was written."""
        return self.setting.value.origin


def variable_of(function: str, variable: str) -> Selector:
    """Gives the selector of one variable of one function.

    It is put together, not parsed: the tables of the parser take longer to load than a whole
    start without them.

    Examples:
        >>> variable_of("/pkg.mod/train", "lr") == parse("/pkg.mod/train > lr")
        True
    """
    capture = Capture(variable, variable, None, Role.FOCUS)
    return Selector(Call(function, None, (capture,), ()), outermost=False)


def settings_from_words(words: Iterable[str], flag: str, rank: int) -> Iterable[Setting]:
    """Splits `SELECTOR=VALUE` words of a command line.

    The `=` that counts is the last one with a selector before it: selectors hold `=` too.

    Raises:
        SettingError: There is no such `=`.

    Examples:
        >>> [s.selector for s in settings_from_words(["f(x=1) > y='a=b'"], "--set", 3)]
        ['f(x=1) > y']
    """
    for word in words:
        selector, value = _split(word, flag)
        origin = Origin(Layer.COMMAND_LINE, f"{flag} {word}".strip(), rank)
        yield Setting(selector, Leaf(Text((value,)), origin))


def _split(word: str, flag: str) -> tuple[str, str]:
    at = word.rfind("=")
    if at < 0:
        reason = "there is no `=`; write the selector, `=` and the value, such as 'layer > T=10'"
        raise SettingError(f"{flag} {word}".strip(), reason)
    first: SelectorSyntaxError | None = None
    while at >= 0:
        selector = word[:at].strip()
        try:
            parse(selector)
        except SelectorSyntaxError as error:
            first = first or error
            at = word.rfind("=", 0, at)
            continue
        return selector, word[at + 1 :].strip()
    raise SettingError(f"{flag} {word}".strip(), _reason(first))


def _reason(error: SelectorSyntaxError | None) -> str:
    return "it begins with `=`" if error is None else syntax_reason(error)


def applied_settings(settings: Sequence[Setting], type_of: TypeOf, rules: Rules) -> list[Applied]:
    """Parses and checks settings, and gives their values the type of the variable.

    Arguments:
        settings: What was written.
        type_of: Gives the declared types of variables.
        rules: What values may be.

    Raises:
        SettingError: A selector is malformed, sets nothing, or would evaluate something.
        ValueRefusedError: A value does not fit.
    """
    return [_applied(setting, type_of, rules) for setting in settings]


def _applied(setting: Setting, type_of: TypeOf, rules: Rules) -> Applied:
    pointer = setting.value.origin.pointer
    try:
        selector = parse(setting.selector)
    except SelectorSyntaxError as error:
        raise SettingError(pointer, syntax_reason(error)) from None
    capture = focus(selector)
    if capture is None:
        reason = "a selector that sets something ends in a variable, such as `layer > T`"
        raise SettingError(pointer, reason)
    _check_names(selector, pointer, rules)
    function = path(selector)[-1][1].function
    type_ = ANY if capture.variable is None else type_of(function, capture.variable)
    return Applied(selector, setting_value(setting, type_, rules), type_, setting)


def setting_value(setting: Setting, type_: object, rules: Rules) -> object:
    """Gives the value of a setting, as the variable's type reads it.

    Raises:
        ValueRefusedError: It does not fit.
    """
    leaf = _unquoted(setting.value) if type_ is not ANY else setting.value
    try:
        return convert(leaf, type_, rules)
    except ConversionError as error:
        raise refused(error, leaf.origin) from None


def _unquoted(leaf: Leaf) -> Leaf:
    """Takes the quotes off a string that was written as a literal: `name="a b"`."""
    if isinstance(leaf.raw, Data) or len(leaf.raw.words) != 1 or leaf.raw.words[0][:1] not in "'\"":
        return leaf
    value = literal(leaf.raw.words[0])
    return leaf._replace(raw=Text((value,))) if isinstance(value, str) else leaf


def _check_names(selector: Selector, pointer: str, rules: Rules) -> None:
    """Refuses what would import or call something, unless the author allows it."""
    if rules.names is None and _has_predicate(selector):
        reason = "`~` calls a function; the program allows it with `eval_env=`"
        raise SettingError(pointer, reason)
    for name in function_names(selector):
        if not name.startswith("/"):
            continue
        module = name[1:].partition("/")[0].removesuffix(".**")
        if module not in sys.modules:
            reason = f"the module `{module}` is not loaded, and settings import nothing"
            raise SettingError(pointer, reason)


def _has_predicate(selector: Selector) -> bool:
    return any(
        isinstance(variable, Filter) and isinstance(variable.test, Predicate)
        for steps in walk(selector)
        for variable in steps[-1][1].variables
    )
