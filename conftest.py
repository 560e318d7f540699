"""Settings of the tests that depend on where they run."""

import importlib.util
import os

from hypothesis import settings

import ptera

# Collecting a module's docstrings would otherwise run it once more than the package does, and
# leave two registries of functions and two sets of overlays.
import ptera_selector

_LOADED = (ptera, ptera_selector)

# No test is timed; on CI the same examples are tried each time.
settings.register_profile("ptera", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ptera")

# Thin modules of the core that re-export a plugin: importing one without its plugin is an error,
# by design, so their docstrings are looked at only where the plugin is installed.
_NEEDS = {
    "packages/ptera-core/src/ptera/torch.py": "ptera_torch",
    "packages/ptera-core/src/ptera/cli.py": "ptera_cli",
}
_WITHOUT_PLUGIN = [
    path for path, plugin in _NEEDS.items() if importlib.util.find_spec(plugin) is None
]
# Programs and cases, not tests: the conformance tests load them, once.
collect_ignore = ["tests/conformance", *_WITHOUT_PLUGIN]
