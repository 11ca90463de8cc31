"""What a service defines for others to link carries its name, so that a copy of it is another service."""
import json
import pathlib
import shutil

from lint import Missing

PROVES = "each function and variable of a participant's folder that is not static begins with the folder's name"

ALLOWED = {"main"}


def folders(tree):
    """Those of participants: they have a transition table."""
    return {pathlib.PurePath(name).parent.as_posix() for name in tree.files
            if name.endswith("/table.c") and name.count("/") == 1}


def symbols(tree, names):
    """(path, line, name) of what the C files define for other files."""
    if not shutil.which("ctags"):
        raise Missing("ctags; get it with: apt-get install -y universal-ctags")
    listed = tree.run("ctags", "--languages=C", "--kinds-C=fv", "--fields=+nf", "--output-format=json", "-L", "-",
                      input="\n".join(names))
    for line in listed.stdout.splitlines():
        tag = json.loads(line)
        if not tag.get("file"):
            yield tag["path"], tag["line"], tag["name"]


def check(tree):
    rooms = folders(tree)
    names = [name for name in tree.having(".c") if pathlib.PurePath(name).parent.as_posix() in rooms]
    for path, line, name in symbols(tree, names):
        room = pathlib.PurePath(path).parent.name
        if not name.startswith(f"{room}_") and name not in ALLOWED:
            yield f"{path}:{line}: {name} does not link beside a copy of this service: {room}_{name}, or static"


TABLE = "const int room_table = 1;\n"
BROKEN = {"room/table.c": TABLE, "room/guards.c": "int is_due(void)\n{\n    return 1;\n}\n"}
SOUND = {"room/table.c": TABLE + "static int mine;\n", "other/other.c": "int is_due(void)\n{\n    return 1;\n}\n",
         "room/guards.c": "static int of(void)\n{\n    return 1;\n}\nint room_is_due(void)\n{\n    return of();\n}\n"}
