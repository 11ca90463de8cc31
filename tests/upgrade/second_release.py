#!/usr/bin/python3
"""second_release - the release after this one, for the test that rolls services forward and back.

    tests/upgrade/second_release.py build     a copy of this tree with second_release.patch applied, compiled
    tests/upgrade/second_release.py tree      the copy alone; what does not fit is left in FILE.rej, to be put in by hand
    tests/upgrade/second_release.py record    writes the patch anew: what differs between this tree and the copy

The copy is build-second/, and its programs are in build-second/build/. Where code that the patch touches has moved:
`tree`, edit the files that have a .rej beside them, `record`.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "runner"))
import patched_copy  # noqa: E402  pylint: disable=wrong-import-position
from patched_copy import Misfit  # noqa: E402  pylint: disable=wrong-import-position

PATCH = "tests/upgrade/second_release.patch"
WAY_OUT = ("the second release cannot be made: tests/upgrade/second_release.patch does not fit the code any more. Run "
           "`tests/upgrade/second_release.py tree`, put in by hand what is left in build-second/**/*.rej, and run "
           "`tests/upgrade/second_release.py record`")
COPY = patched_copy.PatchedCopy("build-second", WAY_OUT, patch=PATCH)


def misfits(root):
    return patched_copy.misfits(root, PATCH)


def build():
    """The folder with the compiled programs."""
    return COPY.build()


def main(words):
    try:
        status = COPY.command(words)
    except Misfit as misfit:
        print(f"second_release: {misfit}", file=sys.stderr)
        return 1
    if status is None:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 64
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
