"""A file that no build names is dead."""
import posixpath
import re

PROVES = "every C file is named in the meson.build of its folder or of one above it"


def named(tree, folder, builds):
    """The names in quotes in a folder's meson.build and in those above it."""
    while True:
        path = posixpath.join(folder, "meson.build")
        if path in builds:
            yield from re.findall(r"'([^'\n]+)'", tree.text(path))
        if not folder:
            return
        folder = posixpath.dirname(folder)


def check(tree):
    builds = set(tree.having("meson.build"))
    for name in tree.having(".c"):
        folder, base = posixpath.split(name)
        words = set(named(tree, folder, builds))
        # 'json_read' in the table of unit tests stands for test_json_read.c
        stem = base[:-len(".c")]
        wanted = {base, name, stem, stem.removeprefix("test_"), stem.removeprefix("fuzz_")}
        if not wanted & {word for word in words} and not any(word.endswith("/" + base) for word in words):
            yield f"{name}: in no meson.build"


BROKEN = {"a/meson.build": "executable('a', 'main.c')\n", "a/main.c": "", "a/forgotten.c": ""}
SOUND = {"a/meson.build": "executable('a', 'main.c')\n", "a/main.c": "",
         "tests/meson.build": "t = {'b': []}\n", "tests/test_b.c": ""}
