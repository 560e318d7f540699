"""Probes of the whole process."""

import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from ptera import ProbeError, global_probe, probing


def area(width: int) -> int:
    height = width + 1
    return width * height


def in_thread(function: Any, *arguments: Any) -> None:
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()


class TestLife:
    def test_it_is_active_until_deactivated(self) -> None:
        probe = global_probe("area > height")
        heights = probe["height"].values()
        area(1)
        probe.deactivate()
        probe.deactivate()
        area(2)
        assert heights == [2]

    def test_it_sees_all_threads(self) -> None:
        probe = global_probe("area > height")
        heights = probe["height"].values()
        in_thread(area, 1)
        area(2)
        probe.deactivate()
        assert heights == [2, 3]

    def test_reductions_end_with_it(self) -> None:
        probe = global_probe("area > height")
        largest = probe["height"].max().accum()
        area(1)
        area(5)
        area(2)
        assert largest == []
        probe.deactivate()
        assert largest == [6]

    def test_sinks_can_come_and_go(self) -> None:
        probe = global_probe("area > height")
        heights = probe["height"].values()
        area(1)
        events: list[Any] = []
        subscription = probe.subscribe(events.append)
        area(2)
        subscription.dispose()
        area(3)
        probe.deactivate()
        assert heights == [2, 3, 4]
        assert events == [{"height": 3}]

    def test_it_can_override(self) -> None:
        probe = global_probe("area > height", overridable=True)
        probe.override(10)
        results: list[int] = []
        in_thread(lambda: results.append(area(2)))
        probe.deactivate()
        assert results == [20]
        assert area(2) == 6

    def test_beside_a_probe_of_a_block(self) -> None:
        everywhere = global_probe("area > height")
        all_heights = everywhere["height"].values()
        with probing("area > height")["height"].values() as heights:
            area(1)
            in_thread(area, 2)
        everywhere.deactivate()
        assert (all_heights, heights) == ([2, 3], [2])

    def test_activating_a_probe(self) -> None:
        probe = probing("area > height")
        heights = probe["height"].values()
        probe.activate()
        in_thread(area, 1)
        probe.deactivate()
        assert heights == [2]

    def test_entering_what_is_active(self) -> None:
        probe = global_probe("area > height")
        try:
            with pytest.raises(ProbeError, match="can only be entered once"), probe:
                pass
            area(1)
        finally:
            probe.deactivate()

    def test_the_code_is_the_original_one_afterwards(self) -> None:
        code = area.__code__
        probe = global_probe("area > height")
        probe.values()
        assert area.__code__ is not code
        probe.deactivate()
        assert area.__code__ is code


def test_reductions_end_when_the_program_does(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            from ptera import global_probe

            def area(width):
                height = width + 1
                return width * height

            global_probe("area > height")["height"].max().print("max {}")
            global_probe("area > height").count().print("count {}")
            area(1), area(5), area(2)
            print("end")
            """
        )
    )
    run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    assert sorted(run.stdout.splitlines()) == ["count 3", "end", "max 6"]
    assert run.stdout.splitlines()[0] == "end"
    assert run.stderr == ""
