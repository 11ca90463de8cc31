#!/usr/bin/python3
"""second_release - the release after this one, for the test that rolls services forward and back.

    tests/upgrade/second_release.py build     a copy of this tree with second_release.patch applied, compiled
    tests/upgrade/second_release.py tree      the copy alone; what does not fit is left in FILE.rej, to be put in by hand
    tests/upgrade/second_release.py record    writes the patch anew: what differs between this tree and the copy

The copy is build-second/, and its programs are in build-second/build/. Where code that the patch touches has moved:
`tree`, edit the files that have a .rej beside them, `record`.
"""
import difflib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCH = pathlib.Path("tests/upgrade/second_release.patch")
COPY = ROOT / "build-second"
BUILD = COPY / "build"
BUILD_S_MAX = 1800
WAY_OUT = ("the second release cannot be made: tests/upgrade/second_release.patch does not fit the code any more. Run "
           "`tests/upgrade/second_release.py tree`, put in by hand what is left in build-second/**/*.rej, and run "
           "`tests/upgrade/second_release.py record`")


class Misfit(Exception):
    """The patch does not apply; says where, and the way out."""


def git(folder, *words):
    """Out of any repository, so that paths are the folder's own."""
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)})


def misfits(root):
    """Where the patch does not fit the tree at `root`, a line each."""
    done = subprocess.run(["git", "apply", "--check", str(root / PATCH)], cwd=root, capture_output=True, text=True,
                          check=False, timeout=60)
    return [] if done.returncode == 0 else done.stderr.strip().splitlines()


def files():
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    return sorted(name for name in set(done.stdout.splitlines()) if (ROOT / name).is_file())


def copy_anew():
    """As if made from nothing, but that what is compiled stays: a file that is the same keeps its time."""
    shutil.rmtree(COPY / "next", ignore_errors=True)
    for name in files():
        target = COPY / "next" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def take_over():
    """What has changed replaces what was there; what is gone is removed."""
    kept = set()
    for path in sorted((COPY / "next").rglob("*")):
        name = path.relative_to(COPY / "next")
        target = COPY / name
        if path.is_dir():
            continue
        kept.add(name)
        if target.exists() and target.read_bytes() == path.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)  # its time is now, whatever the other one's was
        shutil.copymode(path, target)
    for path in sorted(COPY.rglob("*")):
        name = path.relative_to(COPY)
        if path.is_file() and name.parts[0] not in ("build", "next") and name not in kept:
            path.unlink()
    shutil.rmtree(COPY / "next")


def tree(*words):
    copy_anew()
    done = git(COPY / "next", "apply", *words, str(ROOT / PATCH))
    if done.returncode == 0 or "--reject" in words:
        take_over()
    if done.returncode != 0:
        raise Misfit(f"{done.stderr.strip()}\n{WAY_OUT}")


def build():
    """The folder with the compiled programs."""
    tree()
    compiler = {} if "CC" in os.environ or not shutil.which("ccache") else {"CC": "ccache gcc"}
    done = subprocess.run([COPY / "system" / "build", "build", "--", "programs"], cwd=COPY, capture_output=True, text=True,
                          check=False, timeout=BUILD_S_MAX, env={**os.environ, "CCACHE_NOHASHDIR": "1", **compiler})
    if done.returncode != 0:
        raise Misfit(f"{done.stderr.strip()}\n{WAY_OUT}: it applies, but does not compile")
    return BUILD


def record():
    text = ""
    for name in files():
        if name == str(PATCH) or not (COPY / name).exists():
            continue
        before, after = (path.read_bytes() for path in (ROOT / name, COPY / name))
        if before != after:
            text += "".join(difflib.unified_diff(before.decode().splitlines(True), after.decode().splitlines(True),
                                                 f"a/{name}", f"b/{name}", n=1))
    (ROOT / PATCH).write_text(text, encoding="utf-8")


def main(words):
    commands = {"build": lambda: print(build()), "tree": lambda: tree("--reject"), "record": record}
    if len(words) != 1 or words[0] not in commands:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 64
    try:
        commands[words[0]]()
    except Misfit as misfit:
        print(f"second_release: {misfit}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
