"""A change takes along the patch that adds the example of docs/participant.md."""
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


PATCH = "--- a/a.c\n+++ b/a.c\n@@ -2,3 +2,4 @@\n {\n-    return 0;\n+    int more = 1;\n+    return more;\n }\n"
BROKEN = {"tests/participant/edits.patch": PATCH, "a.c": "int f(void)\n{\n    return 2;\n}\n"}
SOUND = {"tests/participant/edits.patch": PATCH, "a.c": "int f(void)\n{\n    return 0;\n}\n"}
