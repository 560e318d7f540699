"""Objects in generated code: as constants of the code object, not as names."""

import ast

__all__ = ["Constants"]


class Constants:
    """Gives placeholders for objects, to be put into `co_consts` after compilation.

    Examples:
        >>> constants = Constants()
        >>> placeholder = constants.put(print)
        >>> constants.objects[placeholder.value] is print
        True
    """

    __slots__ = ("_known", "objects")

    def __init__(self) -> None:
        self.objects: dict[str, object] = {}
        self._known: dict[int, str] = {}

    def put(self, value: object) -> ast.Constant:
        """Gives the expression that stands for `value` in the tree."""
        key = self._known.get(id(value))
        if key is None:
            key = self._known[id(value)] = f"\0ptera:{len(self.objects)}"
            self.objects[key] = value
        return ast.Constant(key)
