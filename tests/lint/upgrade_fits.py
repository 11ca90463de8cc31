"""A change that moves code takes the patch with it that makes the second release for the upgrade test."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "upgrade"))
import second_release  # noqa: E402  pylint: disable=wrong-import-position

PROVES = "the second release can still be made from the code as it is"


def check(tree):
    misfits = second_release.misfits(tree.root)
    yield from misfits
    if misfits:
        yield second_release.WAY_OUT


PATCH = "--- a/a.c\n+++ b/a.c\n@@ -2,3 +2,4 @@\n {\n-    return 0;\n+    int more = 1;\n+    return more;\n }\n"
BROKEN = {"tests/upgrade/second_release.patch": PATCH, "a.c": "int f(void)\n{\n    return 2;\n}\n"}
SOUND = {"tests/upgrade/second_release.patch": PATCH, "a.c": "int f(void)\n{\n    return 0;\n}\n"}
