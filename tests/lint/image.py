"""The image has the libraries that the programs are linked with."""
import pathlib
import re

from lint import Missing

PROVES = "the last stage of the Dockerfile installs every library that a program needs, and runs it without root"


def programs(tree):
    found = sorted(path for path in tree.root.glob("build/*/roundtrip*") if path.is_file())
    if not found:
        raise Missing("the programs; get them with: system/build build")
    return found


def libraries(tree, program):
    """The shared libraries that it names itself, not those that they bring along."""
    dynamic = tree.run("readelf", "-d", str(program)).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)


def package_of(tree, library):
    for line in tree.run("ldconfig", "-p", env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}).stdout.splitlines():
        words = line.split()
        if words and words[0] == library:
            path = pathlib.Path(words[-1]).resolve()
            for name in {str(path), str(path).removeprefix("/usr")}:
                owner = tree.run("dpkg", "-S", name).stdout
                if owner:
                    return owner.split(":")[0]
    return None


def last_stage_of(text):
    """With all that the stages did on which it is built."""
    stages, last = {}, ""
    for stage in re.split(r"^FROM ", text, flags=re.M)[1:]:
        base, _, name = stage.splitlines()[0].partition(" AS ")
        last = stages[name] = stages.get(base, "") + stage
    return last


def check(tree):
    if not tree.to_check([name for name in tree.files if name == "Dockerfile" or name.endswith("meson.build")]):
        return
    last_stage = last_stage_of(tree.text("Dockerfile"))
    user = re.findall(r"^USER (\S+)", last_stage, re.M)
    if not user or user[-1] in ("root", "0"):
        yield "Dockerfile: the last stage has no USER other than root"
    installed = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", last_stage))
    needed = {library for program in programs(tree) for library in libraries(tree, program)}
    for library in sorted(needed):
        package = package_of(tree, library)
        if package not in installed | {"libc6", "libgcc-s1"}:
            yield f"Dockerfile: the last stage does not install {package}, which has {library}"


CURL = {"build/cli/roundtrip": pathlib.Path("/usr/bin/curl")}
BROKEN = {"Dockerfile": "FROM x\nRUN apt-get install -y zlib1g\nUSER nobody\n", **CURL}
SOUND = {"Dockerfile": "FROM x\nRUN apt-get install -y zlib1g libcurl4\nUSER nobody\n", **CURL}
