"""The door to the parser, which is made when it is first needed."""

from functools import cache, lru_cache

from ptera_selector._model import Selector

TYPE_CHECKING = False  # As in `typing`, which is slow to import.
if TYPE_CHECKING:
    from ptera_selector._reader import Reader


@cache
def _reader() -> "Reader":
    # Here and not above: this imports Lark, which a program that parses nothing need not wait for.
    from ptera_selector._reader import Reader
    from ptera_selector._tables import read_tables

    return Reader(read_tables())


@lru_cache(maxsize=1024)
def parse(text: str) -> Selector:
    """Read a selector.

    Args:
        text: The query; it may run over several lines.

    Returns:
        The tree. Texts that mean the same give equal trees. The last 1024 texts are remembered.

    Raises:
        SelectorSyntaxError: If the text is no selector.
        TypeError: If it is no text.

    Examples:
        >>> str(parse("f{x, !y}"))
        'f{x} > y'
    """
    return _reader().read(text)
