"""C is formatted by clang-format."""
import pathlib
import shutil

from lint import Missing

PROVES = "clang-format would change nothing"
STYLE = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"


def check(tree):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        raise Missing("clang-format; get it with: apt-get install -y clang-format")
    names = tree.to_check(tree.having(".c", ".h"))
    for begin in range(0, len(names), 100):
        done = tree.run(tool, f"--style=file:{STYLE}", "--dry-run", "-Werror", "--ferror-limit=1",
                        *names[begin:begin + 100])
        for line in done.stderr.splitlines():
            if "error:" in line:
                yield f"{line.split(' error:')[0]} clang-format -i"


BROKEN = {"a.c": "int f(int a)\n{\n    if (a > 0) {\n        return a;\n    }\n    return 0;\n}\n"}
SOUND = {"a.c": "int f(int a)\n{\n    if (a > 0)\n        return a;\n    return 0;\n}\n"}
