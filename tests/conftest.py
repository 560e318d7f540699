"""What the tests across packages leave alone."""

# Programs and cases, not tests: the conformance tests import them, once.
collect_ignore = ["conformance"]
