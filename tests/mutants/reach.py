"""reach - which tests reach which lines of the product, by gcov; kept between runs for as long as no source changes.

A test is named by its suite: unit:NAME, sanitizers:NAME (the same one), simulator, contract:NAME,
integration:FILE. Its cost is the seconds that it took.
"""
import hashlib
import json
import os
import subprocess
import time

import bench
from mutants import services

GCOV_FILES_MAX = 200  # of one gcov
INTEGRATION_SECONDS_MAX = 600
PRODUCT = tuple(f"{folder}/" for folder in (
    "common", "events", "tracing", "host", *services.names(), "services", "audit", "replay", "cli"))


class Reach:
    def __init__(self, own):
        self.own = own  # a Bench whose build counts
        self.lines, self.cost_s = {}, {}  # test: {path: set of lines}; test: seconds
        self.counted = {}  # path: the lines that are counted, reached or not
        self.unsound = {}  # test: how it fails without any mutant; it is no judge

    def tests_at(self, path, line):
        """The cheapest first. What is not counted is data: whoever reaches its file, or is made of it, may read it."""
        if line in self.counted.get(path, ()):
            found = [test for test, files in self.lines.items() if line in files.get(path, ())]
        elif path in self.counted:
            found = [test for test, files in self.lines.items() if path in files]
        else:
            found = [test for test in self.lines if self.is_made_of(test, path)]
        # The simulator's processes end without counting: it is asked about all that it is made of.
        found += [f"sanitizers:{test.partition(':')[2]}" for test in found if test.startswith("unit:")]
        if "simulator" in self.lines and "simulator" not in found and self.own.is_simulated([path]):
            found.append("simulator")
        return sorted(found, key=lambda test: self.cost_s[test.replace("sanitizers:", "unit:")])

    def is_made_of(self, test, path):
        suite, _, name = test.partition(":")
        target = self.own.tests[name][0] if suite == "unit" else bench.SIMULATOR if suite == "simulator" else None
        return self.own.touched(target, [path]) if target else suite == "integration"

    def measure(self, tests, kept, until_s=None):
        """tests: {name: what runs it and says what failed}. What was measured before on the same sources is kept.
        False: it is later than until_s, and not all is measured."""
        known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if known.get("product") != self.fingerprint(*PRODUCT):
            known = {"product": self.fingerprint(*PRODUCT), "counted": {}, "tests": {}}
        self.counted = {path: set(lines) for path, lines in known["counted"].items()}
        for name, run in tests.items():
            sources = self.fingerprint(*sources_of(name))
            if known["tests"].get(name, {}).get("sources") != sources:
                if until_s is not None and time.monotonic() > until_s:
                    return False
                begin = time.monotonic()  # the build is in it: no more than an order is made of these figures
                lines = {path: sorted(lines) for path, lines in self.of_one(name, run).items()}
                if name in self.unsound:
                    continue
                known["tests"][name] = {"sources": sources, "cost_s": time.monotonic() - begin, "lines": lines}
                known["counted"] = {path: sorted(lines) for path, lines in self.counted.items()}
                kept.write_text(json.dumps(known), encoding="utf-8")
            self.cost_s[name] = known["tests"][name]["cost_s"]
            self.lines[name] = {path: set(lines) for path, lines in known["tests"][name]["lines"].items()}
        return True

    def fingerprint(self, *patterns):
        """Of the sources that are or lie below what fits the patterns."""
        summed = hashlib.sha256()
        for pattern in patterns:
            for place in sorted(self.own.folder.glob(pattern)):
                for path in [place] if place.is_file() else sorted(place.rglob("*")):
                    if path.suffix not in (".c", ".h", ".py"):
                        continue
                    summed.update(str(path.relative_to(self.own.folder)).encode() + b"\0" + path.read_bytes())
        return summed.hexdigest()

    def of_one(self, name, run):
        """Counts go where the build is: services get no environment of ours in which another place could be named."""
        for path in self.own.built.rglob("*.gcda"):
            path.unlink()
        if run() and (failed := run()):
            self.unsound[name] = failed
        return self.collect()

    def collect(self):
        found = {}
        counts = sorted(self.own.built.rglob("*.gcda"))
        for begin in range(0, len(counts), GCOV_FILES_MAX):
            done = subprocess.run(["gcov", "--json-format", "--stdout", *counts[begin:begin + GCOV_FILES_MAX]],
                                  cwd=self.own.built, capture_output=True, text=True, check=False)
            for line in done.stdout.splitlines():
                for file in json.loads(line)["files"]:
                    path = os.path.relpath(os.path.normpath(os.path.join(self.own.built, file["file"])), self.own.folder)
                    if not path.startswith(PRODUCT):
                        continue
                    self.counted.setdefault(path, set()).update(one["line_number"] for one in file["lines"])
                    lines = {one["line_number"] for one in file["lines"] if one["count"]}
                    if lines:
                        found.setdefault(path, set()).update(lines)
        return found


def sources_of(test):
    """Patterns of what a test itself is made of; a little more than that does no harm."""
    suite, _, name = test.partition(":")
    if suite == "unit":
        return f"tests/unit/test_{name}.c", "tests/unit/*.h"
    if suite == "integration":
        return f"tests/integration/{name}.py", "tests/integration/*_rig.py", "tests/integration/conftest.py", "servers"
    return ("sim",) if suite == "simulator" else ("tests/contract",)


def unit(own, name):
    return lambda: own.unit_killer(None, {name})


def simulator(own, schedules):
    return lambda: own.simulator_killer(schedules)


def contract(own, name):
    return lambda: own.contract_killer(name)


def integration(own, name):
    return lambda: integration_killer(own, name)


def integration_killer(own, name):
    """The first test of a file that fails, "" if none does."""
    own.ninja(programs(own))
    status, output = bench.run(["/usr/bin/python3", "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider",
                                f"tests/integration/{name}.py"], own.folder, INTEGRATION_SECONDS_MAX)
    if status == 0:
        return ""
    failed = next((line.split(" ")[1].split("::")[-1] for line in output.splitlines() if line.startswith("FAILED ")), None)
    return f"{name}: {failed or bench.reason(status, output)}"


def programs(own):
    """What integration tests run."""
    _, listed = bench.run(["meson", "introspect", "--targets", "."], own.built, bench.BUILD_SECONDS_MAX)
    names = (os.path.relpath(target["filename"][0], own.built) for target in json.loads(listed)
             if target["type"] == "executable")
    return [name for name in names if not name.startswith(("tests/unit", "tests/contract", "tests/fuzz", "bench", "docs", "sim"))]
