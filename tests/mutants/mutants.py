"""mutants - the list of small wrong changes to the shipped code, and how one is made.

The list is the files *.mutants of this folder. An entry is

    [name] [contract:test, where only a real store or broker can tell]
    Why the change is wrong.
    @file
    -the code as it is
    +the code as the mutant has it

with as many changes as it takes. White space in the code as it is stands for any white space, so a
new indentation does no harm; but it must occur exactly once in the file, or the list does not fit
the code any more and that is an error.
"""
import dataclasses
import filecmp
import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "system"))
import services  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import

HEADER = re.compile(r"\[(?P<name>[a-z0-9_]+)\](?: contract:(?P<contract>\S+))?")


class Misfit(Exception):
    """An entry that does not fit the code, or an entry that cannot be read."""


@dataclasses.dataclass
class Change:
    path: str
    was: str = ""
    becomes: str = ""


@dataclasses.dataclass
class Mutant:
    name: str
    contract: str  # "" for most
    listed: str  # the list's name, without .mutants
    why: str = ""
    changes: list = dataclasses.field(default_factory=list)

    def paths(self):
        return sorted({change.path for change in self.changes})

    def edited(self, folder):
        """The changed files' new texts, by path."""
        texts = {}
        for change in self.changes:
            path = folder / change.path
            if not path.is_file():
                raise Misfit(f"{self.name}: there is no file {change.path}")
            text = texts.get(path) or path.read_text(encoding="utf-8")
            found = list(re.finditer(r"\s+".join(map(re.escape, change.was.split())), text))
            if len(found) != 1:
                raise Misfit(f"{self.name}: its code occurs {len(found)} times in {change.path}, not once: "
                             f"adapt the entry to what the file says now")
            texts[path] = text[:found[0].start()] + change.becomes + text[found[0].end():]
        return texts

    def apply(self, folder):
        for path, text in self.edited(folder).items():
            path.write_text(text, encoding="utf-8")


def line_read(mutant, line):
    """One line of an entry below its header; False if it has no place here."""
    if line.startswith("@"):
        mutant.changes.append(Change(line[1:]))
    elif line.startswith("-") and mutant.changes:
        if mutant.changes[-1].becomes:
            mutant.changes.append(Change(mutant.changes[-1].path))
        mutant.changes[-1].was += line[1:] + "\n"
    elif line.startswith("+") and mutant.changes and mutant.changes[-1].was:
        mutant.changes[-1].becomes += ("\n" if mutant.changes[-1].becomes else "") + line[1:]
    elif mutant.changes or line[0] in "-+[":
        return False
    else:
        mutant.why += (" " if mutant.why else "") + line.strip()
    return True


def entries(path):
    mutant = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        header = HEADER.fullmatch(line)
        if header:
            if mutant:
                yield mutant
            mutant = Mutant(header["name"], header["contract"] or "", path.stem)
        elif line and not line.startswith("#") and (mutant is None or not line_read(mutant, line)):
            raise Misfit(f"{path.name}:{number}: not a line of an entry, or not in its place: {line}")
    if mutant:
        yield mutant


def read(folder=HERE):
    """All mutants by name; the entries are complete and no name comes twice."""
    mutants = {}
    for path in sorted(folder.glob("*.mutants")):
        for mutant in entries(path):
            if mutant.name in mutants:
                raise Misfit(f"{path.name}: {mutant.name} comes twice")
            if not mutant.why or not mutant.changes or not all(change.was.strip() for change in mutant.changes):
                raise Misfit(f"{path.name}: {mutant.name} lacks its reason or its code")
            mutants[mutant.name] = mutant
    return mutants


TABLE_HEAD = """# The mutants

Each is the shipped code with one small mistake in it, and each must be noticed: by a unit test or the simulator, or by
the contract test that is named. [proof.md](proof.md#mutants) says how they are judged. Printed by
`tests/mutants/run --table > docs/mutants.md`; a test holds it to the lists in tests/mutants.
"""


def table(listed):
    """The lines of docs/mutants.md: what is known without making one."""
    yield TABLE_HEAD
    for name in sorted({mutant.listed for mutant in listed}):
        of_list = [mutant for mutant in listed if mutant.listed == name]
        yield f"\n## {name}\n\n{len(of_list)} mutants\n\n| mutant | what is wrong | contract test |\n|---|---|---|\n"
        for mutant in of_list:
            yield f"| {mutant.name} | {mutant.why.replace('|', chr(92) + '|')} | {mutant.contract} |\n"


def is_ours(relative):
    """Not what was built, not what git keeps."""
    first = relative.parts[0]
    return not first.startswith("build") and first not in (".git", "var") and "__pycache__" not in relative.parts


def copy_tree(folder):
    """Makes folder the same as this tree; what is the same already keeps its time, so little is built."""
    wanted = set()
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT)
        if not path.is_file() or not is_ours(relative) or folder in path.parents:
            continue
        wanted.add(relative)
        copy = folder / relative
        if copy.is_file() and filecmp.cmp(path, copy, shallow=False):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for path in list(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and is_ours(relative) and relative not in wanted:
            os.unlink(path)
