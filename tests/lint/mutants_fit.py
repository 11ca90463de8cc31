"""A change that moves code takes the mutants of that code with it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "mutants"))
import mutants  # noqa: E402  pylint: disable=wrong-import-position

PROVES = "every mutant that is listed, as noticed or as equivalent, can still be made from the code as it is, and is in the docs"
TABLE = "docs/mutants.md"

FOLDERS = ("tests/mutants", "tests/chaos")


def check(tree):
    for folder in FOLDERS:
        yield from misfits(tree, folder)
    try:
        printed = "".join(mutants.table(mutants.read(tree.root / FOLDERS[0]).values()))
    except mutants.Misfit:
        return  # it was said
    if TABLE in tree.files and tree.text(TABLE) != printed:
        yield f"{TABLE}: not what the lists say: tests/mutants/run --table > {TABLE}"


def misfits(tree, folder):
    try:
        listed = list(mutants.read(tree.root / folder).values())
        equivalent = tree.root / folder / "equivalent"
        listed += mutants.entries(equivalent) if equivalent.exists() else []
    except mutants.Misfit as misfit:
        yield str(misfit)
        return
    for mutant in listed:
        try:
            mutant.edited(tree.root)
        except mutants.Misfit as misfit:
            yield f"{folder}: {misfit}"


ENTRY = "[no_zero]\nNothing is counted.\n@a.c\n-return 0;\n+return 1;\n"
BROKEN = {"tests/mutants/a.mutants": ENTRY, "a.c": "int f(void)\n{\n    return 2;\n}\n"}
SOUND = {"tests/mutants/a.mutants": ENTRY, "a.c": "int f(void)\n{\n    return 0;\n}\n"}
