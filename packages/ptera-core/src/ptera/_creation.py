"""Generators and coroutines belong to the overlay under which they were created.

Their body first runs when somebody drives them, perhaps long after and elsewhere. What
runs at the call itself is the little that stands before the instruction that makes the
generator object. So the statements that find the overlay are moved there: their
instructions and those three change places, which moves nothing else.
"""

import ast
import dis
from collections.abc import Sequence, Set
from types import CodeType

from ._template import store
from ._weaves import SlotWeave
from .rewrite import Weave

__all__ = ["Finding", "find_at_creation"]


class Finding(Weave):
    """The statements that find the overlays, before all others: `.p0 = GET(None)`."""

    leads = True

    def __init__(self, weaves: Sequence[SlotWeave]) -> None:
        self.weaves = [weave for weave in weaves if not weave.site.is_hook]
        self.is_suspended = any(w.facts.is_generator or w.facts.is_async for w in self.weaves)

    @property
    def names(self) -> frozenset[str]:
        """The variables that they assign."""
        return frozenset(weave.parent for weave in self.weaves)

    def prologue(self) -> list[ast.stmt]:
        """Gives them, with an end that keeps later instructions from merging with theirs."""
        made = [statement for weave in self.weaves for statement in weave.find_overlay()]
        return [*made, store(".d", ast.Constant(None))] if made and self.is_suspended else made


def find_at_creation(code: CodeType, names: Set[str]) -> CodeType:
    """Moves the first statements of a generator's body in front of its creation.

    Arguments:
        code: The code of a generator, a coroutine or an asynchronous generator.
        names: The variables that those statements assign.

    Returns:
        The code in which they run at the call. The locals that they assign are in the
        frame that the generator object takes over.
    """
    instructions = list(dis.get_instructions(code))
    made = next(i for i, it in enumerate(instructions) if it.opname == "RETURN_GENERATOR")
    resumed = next(i for i, it in enumerate(instructions) if it.opname == "RESUME")
    last = resumed
    for at in range(resumed + 1, len(instructions)):
        instruction = instructions[at]
        if instruction.opname in ("STORE_FAST", "STORE_DEREF"):
            if instruction.argval not in names:
                break
            last = at
    if last == resumed:
        return code
    start = instructions[made].offset
    body = instructions[resumed + 1].offset
    end = instructions[last + 1].offset
    old = code.co_code
    return code.replace(co_code=old[:start] + old[body:end] + old[start:body] + old[end:])
