#!/usr/bin/python3
"""toy - this tree with one more participant, for the test that a new one is known to every tool.

    tests/participant/toy.py build     a copy of this tree with new/ added and edits.patch applied, compiled
    tests/participant/toy.py tree      the copy alone; what does not fit is left in FILE.rej, to be put in by hand
    tests/participant/toy.py record    writes the patch anew: what differs between this tree and the copy

The copy is build-toy/, and its programs are in build-toy/build/. docs/participant.md walks through it.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "runner"))
import patched_copy  # noqa: E402  pylint: disable=wrong-import-position
from patched_copy import Misfit  # noqa: E402  pylint: disable=wrong-import-position

NAME = "loyalty"
ADDED = "tests/participant/new"
PATCH = "tests/participant/edits.patch"
TARGETS = ("programs", "docs/print-states", "docs/print-events", "docs/print-asyncapi", "sim/roundtrip-sim",
           "tests/unit/test_transition")
WAY_OUT = (f"the example of docs/participant.md cannot be added: {PATCH} does not fit the code any more. Run "
           "`tests/participant/toy.py tree`, put in by hand what is left in build-toy/**/*.rej, and run "
           "`tests/participant/toy.py record`")
COPY = patched_copy.PatchedCopy("build-toy", PATCH, WAY_OUT, ADDED, TARGETS)


def misfits(root):
    return patched_copy.misfits(root, PATCH)


def build():
    """The folder with the compiled programs."""
    return COPY.build()


def main(words):
    try:
        status = COPY.command(words)
    except Misfit as misfit:
        print(f"toy: {misfit}", file=sys.stderr)
        return 1
    if status is None:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 64
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
