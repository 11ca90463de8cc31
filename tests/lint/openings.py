"""Whoever opens a source file is told what it is for, before anything else."""
PROVES = "each C file begins with what it is for"


def opening(name):
    """How the file must begin. A main names its program; a test is known by what it tests."""
    base = name.rsplit("/", 1)[-1]
    if base == "main.c":
        return "/* roundtrip"
    if name.startswith("tests/"):
        return "/* "
    return f"/* {base} - "


def check(tree):
    for name in tree.to_check(tree.having(".c")):
        if not tree.text(name).startswith(opening(name)):
            yield f"{name}:1: begin with a comment that says what the file is for: {opening(name)}..."


BROKEN = {"a.c": "#include \"a.h\"\n"}
SOUND = {
    "a.c": "/* a.c - f, without a branch. */\n#include \"a.h\"\n",
    "a/main.c": "/* roundtrip-a - prints what f answers. */\n#include \"a.h\"\n",
    "tests/unit/test_a.c": "/* Nothing makes f answer anything else. */\n#include \"a.h\"\n",
}
