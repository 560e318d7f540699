"""The selectors of the machine learning tour, read and explained.

Run with `hatch run demo`.
"""

from ptera_selector import captures, focus, function_names, parse, target

QUERIES = {
    "layer > act": "the activations of every layer",
    "layer[1] > T": "the temperature of the second layer that runs",
    "$param:Parameter": "every parameter, whatever its name and function",
    "step{!!loss} >> $param:Parameter": "d loss / d every parameter",
    "step{!!loss} >> h[1] as h": "d loss / d what the first layer gave",
    "BertSelfAttention >> attn_weights": "in code that nobody decorated",
}


def main() -> None:
    """Print what each query asks for."""
    for text, meaning in QUERIES.items():
        tree = parse(text)
        middle, end = focus(tree), target(tree)
        print(text)
        print(f"    {meaning}")
        print(f"    in full    {tree}")
        print(f"    functions  {', '.join(function_names(tree)) or 'any'}")
        print(f"    captures   {', '.join(capture.name for capture in captures(tree))}")
        print(f"    focus      {middle.name if middle else 'none'}")
        if end:
            print(f"    target     {end.name}")
        print()


if __name__ == "__main__":
    main()
