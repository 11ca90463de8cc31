"""The product's code is free of what clang-tidy and clang's analyzer find."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil

from lint import Missing, ROOT

PROVES = "clang-tidy finds nothing in any C file of the product"

FILE_SECONDS_MAX = 600
SECONDS_MAX = 1200  # of all, beside another lane; lint has its budget in tests/runner
BUILD = "build-clang"  # its compile commands are clang's own: gcc's have options that clang does not know
CONFIG = ROOT / ".clang-tidy"


def sources(tree):
    """The product's C files, and where their compile commands are; a tree of a self-test has none."""
    if "meson.build" not in tree.files:
        return tree.having(".c"), ["--", "-std=gnu17"]
    database = tree.root / BUILD / "compile_commands.json"
    if not database.exists():
        done = tree.run("meson", "setup", BUILD, env=dict(os.environ, CC="clang"))
        if done.returncode:
            raise RuntimeError(f"meson setup {BUILD}: {done.stdout[-500:]}")
    names = set()
    for command in json.loads(database.read_text(encoding="utf-8")):
        path = pathlib.Path(command["directory"], command["file"]).resolve()
        names.add(str(path.relative_to(tree.root.resolve())))
    return sorted(name for name in names if not name.startswith(("tests/", "build"))), ["-p", BUILD]


def problems_of(tree, name, database):
    before, after = (database, []) if database[0] == "-p" else ([], database)
    done = tree.run("clang-tidy", "--quiet", f"--config-file={CONFIG}", *before, name, *after, timeout=FILE_SECONDS_MAX)
    prefixes = re.compile(rf"^({re.escape(str(tree.root))}/)?({BUILD}/)?(\.\./)?")
    return [prefixes.sub("", line).replace(",-warnings-as-errors", "") for line in done.stdout.splitlines()
            if " error: " in line or " warning: " in line]


def check(tree):
    if not shutil.which("clang-tidy"):
        raise Missing("clang-tidy; get it with: apt-get install -y clang-tidy")
    if not tree.to_check(tree.having(".c")):
        return
    names, database = sources(tree)
    names = tree.to_check(names)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda name: problems_of(tree, name, database), names, timeout=SECONDS_MAX)
        yield from sorted({problem for problems in found for problem in problems})


BROKEN = {"a.c": "int f(int *p)\n{\n    if (!p)\n        return *p;\n    return 0;\n}\n"}
SOUND = {"a.c": "int f(int *p)\n{\n    return p ? *p : 0;\n}\n"}
