"""mutants - the list of small wrong changes to the shipped code, and how one is made.

The list is the files *.mutants of this folder. An entry is

    [name] file changed [contract:test that may kill it besides the unit tests and the simulator]
    Why the change is wrong.
    -the code as it is
    +the code as the mutant has it

White space in the code as it is stands for any white space, so a new indentation does no harm; but it
must occur exactly once in the file, or the list does not fit the code any more and that is an error.
"""
import dataclasses
import filecmp
import os
import pathlib
import re
import shutil

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HEADER = re.compile(r"\[(?P<name>[a-z0-9_]+)\] (?P<path>\S+)(?: contract:(?P<contract>\S+))?")


class Misfit(Exception):
    """An entry that does not fit the code, or an entry that cannot be read."""


@dataclasses.dataclass
class Mutant:
    name: str
    path: str
    contract: str  # "" for most
    why: str = ""
    was: str = ""
    becomes: str = ""

    def text(self, original):
        """The file's text with the change made."""
        pattern = r"\s+".join(map(re.escape, self.was.split()))
        found = list(re.finditer(pattern, original))
        if len(found) != 1:
            raise Misfit(f"{self.name}: its code occurs {len(found)} times in {self.path}, not once: "
                         f"adapt the entry to what the file says now")
        return original[:found[0].start()] + self.becomes + original[found[0].end():]

    def apply(self, folder):
        path = folder / self.path
        if not path.is_file():
            raise Misfit(f"{self.name}: there is no file {self.path}")
        path.write_text(self.text(path.read_text(encoding="utf-8")), encoding="utf-8")


def entries(path):
    mutant = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        header = HEADER.fullmatch(line)
        if header:
            if mutant:
                yield mutant
            mutant = Mutant(header["name"], header["path"], header["contract"] or "")
        elif line.startswith("#") or not line:
            continue
        elif mutant is None or line.startswith("["):
            raise Misfit(f"{path.name}:{number}: expected [name] file")
        elif line.startswith("-"):
            mutant.was += line[1:] + "\n"
        elif line.startswith("+"):
            mutant.becomes += ("\n" if mutant.becomes else "") + line[1:]
        else:
            mutant.why += (" " if mutant.why else "") + line.strip()
    if mutant:
        yield mutant


def read():
    """All mutants by name; the entries are complete and no name comes twice."""
    mutants = {}
    for path in sorted(HERE.glob("*.mutants")):
        for mutant in entries(path):
            if mutant.name in mutants or not mutant.why or not mutant.was.strip():
                raise Misfit(f"{path.name}: {mutant.name} comes twice, or has no reason, or changes nothing")
            mutants[mutant.name] = mutant
    return mutants


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
