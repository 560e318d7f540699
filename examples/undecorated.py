"""A model that one cannot edit: look inside, change it, differentiate it.

Run `python examples/undecorated.py`.
"""

from pathlib import Path

import torch

from ptera import ptera
from ptera.torch import AttentionMaps, Grad

# Imagine that this class came with a library.


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention, whose weights are not returned."""
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    weights = torch.softmax(scores, dim=-1)
    return weights @ v


class Block(torch.nn.Module):
    """Attention with several heads, and what it is added to."""

    def __init__(self, size: int, heads: int) -> None:
        """Make the layers."""
        super().__init__()
        self.heads = heads
        self.project = torch.nn.Linear(size, 3 * size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix the positions."""
        batch, length, size = x.shape
        shape = (batch, length, 3, self.heads, size // self.heads)
        q, k, v = self.project(x).view(shape).permute(2, 0, 3, 1, 4)
        mixed = attend(q, k, v).transpose(1, 2).reshape(batch, length, size)
        return x + mixed


class Net(torch.nn.Module):
    """Blocks, then a score for each sequence."""

    def __init__(self, size: int = 16, heads: int = 4, depth: int = 2) -> None:
        """Make the layers."""
        super().__init__()
        self.blocks = torch.nn.ModuleList(Block(size, heads) for _ in range(depth))
        self.head = torch.nn.Linear(size, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give one score for each sequence."""
        for block in self.blocks:
            x = block(x)
        score: torch.Tensor = self.head(x.mean(1))
        return score


def main(out: Path = Path("undecorated.png")) -> None:
    """Look into both blocks, switch one off, and ask what the score depends on."""
    torch.manual_seed(0)
    net, x = Net(), torch.randn(1, 6, 16)
    model = ptera(net)

    maps = AttentionMaps(by="i", tokens=list("abcdef"))
    watched = model.clone()
    watched.on("Block.forward[$i] >> attend > weights", live=True)(maps)
    plain = watched(x)
    print(f"The attention maps are in {maps.save(out)}.")

    off = model.rewrite({"Block.forward[1] > mixed": lambda mixed: 0 * mixed})
    print(f"score {plain.item():.4f}, without the second block {off(x).item():.4f}")

    results = model.using(g=Grad("Net{!!score} >> Block.forward[$i] > mixed"))(x)
    for i, (_, grad) in results.g.map("i", "mixed"):
        print(f"block {i}: |d score / d mixed| = {grad.norm().item():.4f}")


if __name__ == "__main__":
    main()
