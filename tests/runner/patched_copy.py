"""patched_copy - a copy of this tree with a change in it, and its programs: what a test needs of a tree that is not there.

The copy is a folder of its own in the tree, which git ignores. Made again it is as if made from nothing, but that what
is compiled stays where its sources have not changed.
"""
import difflib
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_S_MAX = 1800


class Misfit(Exception):
    """The patch does not apply; says where, and the way out."""


def git(folder, *words):
    """Out of any repository, so that paths are the folder's own."""
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)})


def misfits(root, patch):
    """Where the patch does not fit the tree at `root`, a line each."""
    done = subprocess.run(["git", "apply", "--check", str(root / patch)], cwd=root, capture_output=True, text=True,
                          check=False, timeout=60)
    return [] if done.returncode == 0 else done.stderr.strip().splitlines()


def lacking(root, edits):
    """Which of what edits look for is not there, a line each."""
    return [f"{name}: there is no {there!r}" for name, pairs in edits.items() for there, _ in pairs
            if not (root / name).exists() or there not in (root / name).read_text(encoding="utf-8")]


def files():
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    return sorted(name for name in set(done.stdout.splitlines()) if (ROOT / name).is_file())


class PatchedCopy:
    """`folder` is its name in the tree, `patch` and `way_out` as in Misfit; or instead of a patch `edits`, {file: [(what is
    there, what comes right behind it)]}, which stand what else is put there. `added` is a folder whose content the copy has
    at its top; `targets` are what is built of it."""

    def __init__(self, folder, way_out, patch=None, edits=None, added=None, targets=("programs",)):
        self.folder, self.patch, self.edits = ROOT / folder, patch, edits or {}
        self.way_out, self.added = way_out, added
        self.targets = targets
        self.build_folder = self.folder / "build"

    def sources(self):
        """Where each file of the copy comes from, before the patch."""
        names = {name: ROOT / name for name in files()}
        if self.added:
            names.update({str(path.relative_to(ROOT / self.added)): path
                          for path in (ROOT / self.added).rglob("*") if path.is_file()})
        return names

    def copy_anew(self):
        shutil.rmtree(self.folder / "next", ignore_errors=True)
        for name, source in self.sources().items():
            target = self.folder / "next" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)

    def take_over(self):
        """What has changed replaces what was there; what is gone is removed."""
        kept, fresh = set(), self.folder / "next"
        for path in sorted(fresh.rglob("*")):
            name = path.relative_to(fresh)
            target = self.folder / name
            if path.is_dir():
                continue
            kept.add(name)
            if target.exists() and target.read_bytes() == path.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)  # its time is now, whatever the other one's was
            shutil.copymode(path, target)
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            if path.is_file() and name.parts[0] not in ("build", "next") and name not in kept:
                path.unlink()
        shutil.rmtree(fresh)

    def edit(self):
        misfits = lacking(self.folder / "next", self.edits)
        if misfits:
            raise Misfit("\n".join([*misfits, self.way_out]))
        for name, pairs in self.edits.items():
            path = self.folder / "next" / name
            text = path.read_text(encoding="utf-8")
            for there, behind in pairs:
                text = text.replace(there, there + behind, 1)
            path.write_text(text, encoding="utf-8")

    def tree(self, *words):
        self.copy_anew()
        self.edit()
        if not self.patch:
            self.take_over()
            return
        done = git(self.folder / "next", "apply", *words, str(ROOT / self.patch))
        if done.returncode == 0 or "--reject" in words:
            self.take_over()
        if done.returncode != 0:
            raise Misfit(f"{done.stderr.strip()}\n{self.way_out}")

    def build(self):
        """The folder with the compiled programs."""
        self.tree()
        compiler = {} if "CC" in os.environ or not shutil.which("ccache") else {"CC": "ccache gcc"}
        done = subprocess.run([self.folder / "system" / "build", "build", "--", *self.targets], cwd=self.folder,
                              capture_output=True, text=True, check=False, timeout=BUILD_S_MAX,
                              env={**os.environ, "CCACHE_NOHASHDIR": "1", **compiler})
        if done.returncode != 0:
            raise Misfit(f"{done.stderr.strip()}\n{done.stdout[-3000:]}\n{self.way_out}: it applies, but does not compile")
        return self.build_folder

    def record(self):
        """Writes the patch anew: what differs between this tree and the copy."""
        text = ""
        for name in files():
            if name == self.patch or not (self.folder / name).exists():
                continue
            before, after = (path.read_bytes() for path in (ROOT / name, self.folder / name))
            if before != after:
                text += "".join(difflib.unified_diff(before.decode().splitlines(True), after.decode().splitlines(True),
                                                     f"a/{name}", f"b/{name}", n=1))
        (ROOT / self.patch).write_text(text, encoding="utf-8")

    def command(self, words):
        """`build`, `tree` or `record`, for a program of which this is all; its exit status, None: another word."""
        commands = {"build": lambda: print(self.build()), "tree": lambda: self.tree("--reject"),
                    "record": self.record}
        if len(words) != 1 or words[0] not in commands:
            return None
        commands[words[0]]()
        return 0
