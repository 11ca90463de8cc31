"""Functions and files stay small enough to be read at once."""
import json
import shutil

from lint import Missing

PROVES = "no function is longer than 70 lines, no file longer than 400"

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400


def functions(tree, names):
    """(path, first line, last line, name) of each function in C files."""
    if not shutil.which("ctags"):
        raise Missing("ctags; get it with: apt-get install -y universal-ctags")
    listed = tree.run("ctags", "--languages=C,C++", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+ne",
                      "--output-format=json", "-L", "-", input="\n".join(names))
    if listed.returncode:
        raise Missing(f"a ctags that writes JSON ({listed.stderr.strip()}); "
                      "get it with: apt-get install -y universal-ctags")
    for line in listed.stdout.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            yield tag["path"], tag["line"], tag["end"], tag["name"]


def check(tree):
    for name in tree.having(".c", ".h", ".py", ".sh") + tree.scripts("bash", "python3", "/sh"):
        lines = tree.text(name).count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{name}: {lines} lines, more than {FILE_LINES_MAX}: it does more than one thing"
    for path, first, last, name in functions(tree, tree.having(".c", ".h")):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield f"{path}:{first}: {name} has {last - first + 1} lines, more than {FUNCTION_LINES_MAX}"


BROKEN = {"a.c": "int f(void)\n{\n" + "    ;\n" * 70 + "    return 0;\n}\n"}
SOUND = {"a.c": "int f(void)\n{\n" + "    ;\n" * 60 + "    return 0;\n}\n"}
