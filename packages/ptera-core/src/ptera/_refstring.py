"""The text that names one function in any selector, wherever it is looked up."""

from collections.abc import Callable
from typing import Any

__all__ = ["refstring"]


def refstring(function: Callable[..., Any]) -> str:
    """Gives the text that names a function in selectors, whatever is in their scope.

    Arguments:
        function: A function or method, decorated or not.

    Returns:
        `/package.module/Class/method`.

    Examples:
        >>> import json
        >>> refstring(json.JSONEncoder.encode)
        '/json.encoder/JSONEncoder/encode'
    """
    path = function.__qualname__.replace(".<locals>", "").replace(".", "/")
    return f"/{function.__module__}/{path}"
