"""A change takes along the edits that add the example of docs/participant.md."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "participant"))
import toy  # noqa: E402  pylint: disable=wrong-import-position

PROVES = "the example of a participant can still be added to the code as it is"


def check(tree):
    misfits = toy.misfits(tree.root)
    yield from misfits
    if misfits:
        yield toy.WAY_OUT


BROKEN = {name: "" for name in toy.EDITS}
SOUND = {name: "".join(there for there, _ in pairs) for name, pairs in toy.EDITS.items()}
