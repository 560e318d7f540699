"""A script under `ptera probe` ends, reads, prints and fails as it does under Python."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = [sys.executable, "-m", "ptera_cli", "probe", "work > x", "--"]


def run(
    command: list[str], folder: Path, stdin: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        timeout=60,
    )


def without_events(stderr: str) -> str:
    return "".join(line for line in stderr.splitlines(True) if not line.startswith("x="))


ENDINGS = {
    "falls off the end": "work(3)\n",
    "exits with a status": "import sys\nwork(3)\nsys.exit(7)\n",
    "exits with a message": "import sys\nwork(3)\nsys.exit('no more')\n",
    "exits with None": "import sys\nwork(3)\nsys.exit()\n",
    "raises": "work(3)\nraise ValueError('bad')\n",
    "raises from an inner function": "def f():\n    return 1 / 0\nwork(3)\nf()\n",
    "raises with a cause": (
        "work(3)\ntry:\n    int('x')\nexcept ValueError as e:\n    raise RuntimeError('y') from e\n"
    ),
    "raises KeyboardInterrupt": "work(3)\nraise KeyboardInterrupt\n",
    "kills itself": "import os, signal\nwork(3)\nos.kill(os.getpid(), signal.SIGTERM)\n",
    "exits at once": "import os\nwork(3)\nos._exit(5)\n",
    "is no Python": "def work(n):\n    x = n\n  return x\n",
    "reads its input": "import sys\nwork(3)\nprint(sys.stdin.read().upper())\n",
    "has functions for its end": (
        "import atexit\natexit.register(print, 'bye')\nwork(3)\nprint('done')\n"
    ),
    "has a hook for exceptions": (
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__, a[2].tb_lineno)\n"
        "work(3)\nraise ValueError\n"
    ),
    "has a hook that fails": (
        "import sys\ndef hook(*a): raise TypeError('hook')\nsys.excepthook = hook\n"
        "work(3)\nraise ValueError\n"
    ),
    "has a thread that goes on": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\nwork(3)\n"
    ),
    "handles a signal": (
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: print('got it'))\n"
        "work(3)\nos.kill(os.getpid(), signal.SIGUSR1)\n"
    ),
    "warns": "import warnings\nwork(3)\nwarnings.warn('careful')\n",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_script_ends_as_it_does_without_a_probe(ending: str, tmp_path: Path) -> None:
    definition = "" if ending == "is no Python" else "def work(n):\n    x = n\n    return x\n"
    (tmp_path / "script.py").write_text(definition + ENDINGS[ending])
    plain = run([sys.executable, "script.py"], tmp_path, "some text")
    probed = run([*PROBE, "script.py"], tmp_path, "some text")
    assert probed.returncode == plain.returncode
    assert probed.stdout == plain.stdout
    kept = without_events(probed.stderr)
    if ending == "has a hook that fails":
        # The lines of Python's own report of the hook, without its frames.
        assert "Original exception was:" in kept and "TypeError: hook" in kept
    else:
        assert kept == plain.stderr
    if ending != "is no Python":
        assert "x=3\n" in probed.stderr


LOOKS = """
import sys, os, __main__, inspect, pickle
def work(n):
    x = n
    return x
class Thing: pass
work(3)
print(sys.argv, __name__, __file__, __package__, __spec__, __doc__, __builtins__.__name__)
print(sys.path[0] == os.path.dirname(os.path.realpath(__file__)), __main__.work is work)
print(sorted(n for n in globals() if not n.startswith('__')), __annotations__)
print(type(pickle.loads(pickle.dumps(Thing()))).__module__, inspect.getsource(work))
print(work.__code__.co_filename, __loader__.name, __cached__, locals() is globals())
y: int = 3
print(__annotations__)
"""


@pytest.mark.parametrize("name", ["script.py", "./script.py", "inner/script.py"])
def test_a_script_sees_itself_as_main(name: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / name).write_text(f'"""What it does."""\n{LOOKS}')
    plain = run([sys.executable, name, "-v", "--", "a b"], tmp_path)
    probed = run([*PROBE, name, "-v", "--", "a b"], tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert probed.stdout == plain.stdout
    assert probed.stderr == "x=3\n"


@pytest.mark.parametrize("name", ["tool", "package", "package.part"])
def test_a_module_sees_itself_as_main(name: str, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("print('package')\n")
    looks = LOOKS.replace("__spec__, ", "__spec__.name, ")
    for file in ("tool.py", "package/__main__.py", "package/part.py"):
        (tmp_path / file).write_text(looks)
    plain = run([sys.executable, "-m", name, "-v"], tmp_path)
    probed = run([*PROBE, "-m", name, "-v"], tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert probed.stdout == plain.stdout
    assert probed.stderr == "x=3\n"


def test_a_folder_with_a_main_runs(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "part.py").write_text("def work(n):\n    x = n\n    return x\n")
    (folder / "__main__.py").write_text("import sys, part\npart.work(3)\nprint(sys.argv)\n")
    plain = run([sys.executable, "app", "1"], tmp_path)
    probed = run([*PROBE, "app", "1"], tmp_path)
    assert (probed.stdout, probed.returncode) == (plain.stdout, 0)
    assert probed.stderr == "x=3\n"


def test_interrupting_a_script_ends_it_by_the_signal(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import time\ndef work(n):\n    x = n\nwork(3)\n"
        "print('ready', flush=True)\ntime.sleep(30)\n"
    )
    process = subprocess.Popen(
        [*PROBE, "script.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert stderr.endswith("KeyboardInterrupt\n") and "ptera_cli" not in stderr


def test_a_spawned_worker_of_a_script_finds_its_functions(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import multiprocessing\n"
        "def work(n):\n    x = n\n    return x + 1\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(work, [1, 2]))\n"
    )
    probed = run([*PROBE, "script.py"], tmp_path)
    assert (probed.stdout, probed.returncode) == ("[2, 3]\n", 0), probed.stderr
