"""The texts of the conformance data: which mean the same, and which are refused where."""

import json
from pathlib import Path
from typing import Any

import pytest

from ptera_selector import SelectorSyntaxError, from_json, parse, to_json

DATA: dict[str, Any] = json.loads(
    (Path(__file__).parent / "conformance" / "selectors.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("texts", DATA["equivalent"], ids=lambda texts: texts[0])
def test_equivalent_texts_give_equal_trees(texts: list[str]) -> None:
    trees = [parse(text) for text in texts]
    assert len(set(trees)) == 1
    assert len({str(tree) for tree in trees}) == 1
    assert parse(str(trees[0])) == trees[0]
    assert all(from_json(to_json(tree)) == trees[0] for tree in trees)


@pytest.mark.parametrize(("text", "column"), DATA["rejected"])
def test_rejected_text_is_refused_at_its_column(text: str, column: int | None) -> None:
    with pytest.raises(SelectorSyntaxError) as caught:
        parse(text)
    assert caught.value.text == text
    if column is not None:
        assert caught.value.column == column
