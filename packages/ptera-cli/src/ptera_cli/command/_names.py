"""What the names of a selector stand for in a script that is being loaded."""

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FunctionType, ModuleType

from ptera_selector import Selector, function_names, walk

__all__ = ["Meaning", "Names"]

_MOST_MEANINGS = 64
_OWN = frozenset({"ptera", "ptera_cli", "ptera_selector", "ptera_torch"})


class Meaning:
    """One way to read the names of a selector.

    Arguments:
        names: The names that mean something outside the script itself, each with its module.
        env: What all names stand for.
        identity: What tells this reading from another one.
    """

    __slots__ = ("env", "identity", "names")

    def __init__(
        self,
        names: tuple[tuple[str, str], ...],
        env: Mapping[str, object],
        identity: tuple[object, ...],
    ) -> None:
        self.names = names
        self.env = env
        self.identity = identity


class Names:
    """Finds the names of selectors: in the script, else in modules that define them.

    A name that several modules define stands for all of these definitions.

    Arguments:
        selectors: The selectors.
        main: The script's module.
        changed: Called when a name may have got another meaning.
    """

    def __init__(
        self, selectors: Iterable[Selector], main: ModuleType, changed: Callable[[], None]
    ) -> None:
        self._main = main
        self._changed = changed
        self._wanted = {first for selector in selectors for first in first_names(selector)}
        self._elsewhere: dict[str, dict[str, object]] = {name: {} for name in self._wanted}

    def defined(self) -> None:
        """Is called when the script has defined something."""
        self._changed()

    def loaded(self, module: ModuleType) -> None:
        """Is called when a module has been loaded."""
        top = module.__name__.partition(".")[0]
        if top in _OWN or top in sys.stdlib_module_names:
            return
        for name in self._wanted & vars(module).keys():
            value = vars(module)[name]
            if getattr(value, "__module__", None) == module.__name__:
                self._elsewhere[name][module.__name__] = value
        self._changed()

    def meanings(self, selector: Selector) -> list[Meaning]:
        """Gives the ways to read a selector's names: several, where several modules define one."""
        own = vars(self._main)
        names = sorted(first_names(selector))
        foreign = [name for name in names if name not in own and self._elsewhere[name]]
        choices = [sorted(self._elsewhere[name].items()) for name in foreign]
        meanings: list[Meaning] = []
        for chosen in itertools.islice(itertools.product(*choices), _MOST_MEANINGS):
            found = dict(zip(foreign, (value for _, value in chosen), strict=True))
            modules = [(name, module) for name, (module, _) in zip(foreign, chosen, strict=True)]
            here = [(name, self._main.__name__) for name in names if name in own]
            env = {**found, **own}
            identity = tuple(id(env.get(name)) for name in names)
            meanings.append(Meaning((*modules, *here), env, (*identity, *self._extent(selector))))
        return meanings

    def _extent(self, selector: Selector) -> Iterator[object]:
        """Gives how much there is for the patterns that mean many functions at once."""
        if any(steps[-1][1].function is None for steps in walk(selector)):
            yield sum(isinstance(value, FunctionType | type) for value in vars(self._main).values())
        for name in function_names(selector):
            if name.startswith("/"):
                yield tuple(_modules_of(name))

    def known(self) -> Sequence[str]:
        """Gives the names of functions and classes that the script has."""
        return [name for name, value in vars(self._main).items() if callable(value)]


def first_names(selector: Selector) -> set[str]:
    """Gives the names that must be looked up for a selector's functions.

    Examples:
        >>> from ptera_selector import parse
        >>> sorted(first_names(parse("model.run >> /m/f > layer > x")))
        ['layer', 'model']
    """
    names = function_names(selector)
    return {name.partition(".")[0] for name in names if not name.startswith("/")}


def _modules_of(path: str) -> list[tuple[str, int]]:
    """Gives the loaded modules that a `/module/name` may mean, and how much each holds."""
    wanted = path[1:].partition("/")[0]
    package = wanted.removesuffix(".**")
    found: list[tuple[str, int]] = []
    for name, module in list(sys.modules.items()):
        within = wanted.endswith(".**") and name.startswith(f"{package}.")
        if name == package or within:
            found.append((name, len(vars(module))))
    return found
