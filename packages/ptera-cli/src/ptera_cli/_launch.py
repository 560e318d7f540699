"""A program with its values: hold them, run it, say which were never read."""

import atexit
import inspect
import sys
import threading
from collections.abc import Sequence
from typing import Any

from ptera import PteraError, UnsetVariableError
from ptera_selector import function_names

from ._described import described
from ._errors import MissingOptionError, SettingError
from ._program import Outcome, Reach, Request, is_of
from ._settings import Applied, variable_of
from ._spec import OptionSpec
from ._values import Chosen
from ._workers import Assignment, Held, Here, hold

__all__ = ["held_values", "launch"]


def held_values(request: Request, outcome: Outcome) -> Held:
    """Puts the values in place: of two sources the higher wins, so it comes later.

    Raises:
        SettingError: What a selector addresses cannot be set.
    """
    entry = request.command.entry
    assert entry is not None
    items: list[Chosen | Applied] = sorted([*outcome.chosen, *outcome.settings], key=_order)
    reach = Reach(entry)
    held = hold(len(items))
    try:
        for at, item in enumerate(items):
            if isinstance(item, Applied):
                _put_setting(held, at, item, reach)
            else:
                held.put(at, [_of_option(item)])
    except BaseException:
        held.release()
        raise
    return held


def _put_setting(held: Held, at: int, applied: Applied, reach: Reach) -> None:
    try:
        held.put(at, [_of_setting(applied, reach)])
    except PteraError as error:
        raise SettingError(applied.origin.pointer, str(error)) from None


def _order(item: Chosen | Applied) -> tuple[int, bool]:
    if isinstance(item, Applied):
        return item.origin.rank, True
    return item.given.rank, False


def _of_option(chosen: Chosen) -> Assignment:
    address = chosen.address
    by_name = variable_of(address.name, address.variable)
    by_object = Here(by_name, {address.name: address.owner})
    return Assignment(
        selector=variable_of(address.path, address.variable) if address.outer is None else by_name,
        value=chosen.given.value,
        subject=chosen.given.origins[-1].pointer,
        module=address.module,
        within=(address.outer,) if address.outer is not None else (),
        fallback=by_name,
        here=Here(by_name, {}, (address.owner,)) if address.is_inner else by_object,
    )


def _of_setting(applied: Applied, reach: Reach) -> Assignment:
    return Assignment(
        selector=applied.selector,
        value=applied.value,
        subject=applied.origin.pointer,
        names=reach.names_of(sorted(function_names(applied.selector))),
        here=Here(applied.selector, reach.env),
    )


def launch(
    prog: str, request: Request, outcome: Outcome, held: Held, args: Sequence[object]
) -> Any:
    """Runs the entry while its values hold; a coroutine, to its end.

    Arguments:
        prog: The program's name, for messages.
        request: The command line.
        outcome: What it came to.
        held: The values, in place.
        args: Arguments for the entry.

    Returns:
        What the entry returns.

    Raises:
        SystemExit: With status 2, if a variable that is an option has no value; else as the
            entry raises it.
    """
    before = _threads()
    try:
        result = _called(request, outcome, args)
    except SystemExit as stop:
        _conclude(prog, outcome, held, before, reports=not stop.code)
        raise
    except UnsetVariableError as error:
        held.release()
        missing = _option_of(error, request.specs)
        if missing is None:
            raise
        print(f"{prog}: error: {missing}", file=sys.stderr)
        raise SystemExit(2) from None
    except BaseException:
        held.release()
        raise
    _conclude(prog, outcome, held, before)
    return result


def _called(request: Request, outcome: Outcome, args: Sequence[object]) -> Any:
    entry = request.command.entry
    assert entry is not None
    # A parameter without a default must be an argument too, for the call to be one.
    named = {
        one.address.variable: one.given.value
        for one in outcome.chosen
        if one.address.required and one.address.parameter and is_of(one.address, entry)
    }
    result: Any = entry(*args, **named)
    if not inspect.iscoroutine(result):
        return result
    # Here and not above: most programs are not asynchronous.
    import asyncio

    return asyncio.run(result)


def _threads() -> set[object]:
    """Gives the threads that keep the process alive."""
    return {thread for thread in threading.enumerate() if not thread.daemon}


def _conclude(
    prog: str, outcome: Outcome, held: Held, before: set[object], reports: bool = True
) -> None:
    """Reports and ends the values; if threads of the program go on, when all has ended."""

    def conclude() -> None:
        if reports:
            _report_unread(prog, outcome, held)
        held.release()

    if _threads() <= before:
        conclude()
    else:
        atexit.register(conclude)


def _option_of(error: UnsetVariableError, specs: Sequence[OptionSpec]) -> MissingOptionError | None:
    """Gives what a user can do about a variable that nothing has set, if there is an option."""
    for spec in specs:
        for address in spec.addresses:
            if address.variable == error.variable and error.function in (
                address.name,
                address.function,
            ):
                return MissingOptionError(spec.flag, described(spec.type), address.place)
    return None


def _report_unread(prog: str, outcome: Outcome, held: Held) -> None:
    """Says which values were given and never used: a misspelt plan, or a branch not taken."""
    items: list[Chosen | Applied] = sorted([*outcome.chosen, *outcome.settings], key=_order)
    read: dict[str, bool] = {}
    for at, item in enumerate(items):
        subject = item.origin.pointer if isinstance(item, Applied) else _subject(item)
        read[subject] = read.get(subject, False) or held.was_read(at)
    for subject, was_read in read.items():
        if not was_read:
            print(f"{prog}: warning: `{subject}` was set but never read.", file=sys.stderr)


def _subject(chosen: Chosen) -> str:
    return chosen.given.origins[-1].pointer
