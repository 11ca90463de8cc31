"""reach - which tests reach which lines of the product, by gcov; kept between runs for as long as no source changes.

A test is named by its suite: unit:NAME, simulator, contract:NAME, integration:FILE. Its cost is the seconds that it took.
"""
import hashlib
import json
import os
import subprocess
import time

import bench

GCOV_FILES_MAX = 200  # of one gcov
INTEGRATION_SECONDS_MAX = 600
PRODUCT = ("common/", "wire/", "tracing/", "gateway/", "booking/", "payment/", "provider/", "cli/")


class Reach:
    def __init__(self, own):
        self.own = own  # a Bench whose build counts
        self.lines, self.cost_s = {}, {}  # test: {path: set of lines}; test: seconds
        self.counted = {}  # path: the lines that are counted, reached or not

    def tests_at(self, path, line):
        """The cheapest first. What is not counted is data: whoever reaches its file, or is made of it, may read it."""
        if line in self.counted.get(path, ()):
            found = [test for test, files in self.lines.items() if line in files.get(path, ())]
        elif path in self.counted:
            found = [test for test, files in self.lines.items() if path in files]
        else:
            found = [test for test in self.lines if self.is_made_of(test, path)]
        # The simulator's processes end without counting: it is asked about all that it is made of.
        if "simulator" in self.lines and "simulator" not in found and self.own.is_simulated([path]):
            found.append("simulator")
        return sorted(found, key=lambda test: self.cost_s[test])

    def is_made_of(self, test, path):
        suite, _, name = test.partition(":")
        target = self.own.tests[name][0] if suite == "unit" else bench.SIMULATOR if suite == "simulator" else None
        return self.own.touched(target, [path]) if target else suite == "integration"

    def measure(self, tests, kept):
        """tests: {name: what runs it, given the environment}. What was measured before on the same sources is kept."""
        sources = self.fingerprint()
        if kept.exists():
            known = json.loads(kept.read_text(encoding="utf-8"))
            if known["sources"] == sources:
                self.counted = {path: set(lines) for path, lines in known["counted"].items()}
                self.cost_s = {test: known["cost_s"][test] for test in known["cost_s"] if test in tests}
                self.lines = {test: {path: set(lines) for path, lines in known["lines"][test].items()} for test in self.cost_s}
        for name, run in tests.items():
            if name not in self.lines:
                begin = time.monotonic()
                self.lines[name] = self.of_one(run)
                self.cost_s[name] = time.monotonic() - begin
        text = {test: {path: sorted(lines) for path, lines in files.items()} for test, files in self.lines.items()}
        kept.write_text(json.dumps({"sources": sources, "cost_s": self.cost_s, "lines": text,
                                    "counted": {path: sorted(lines) for path, lines in self.counted.items()}}), encoding="utf-8")

    def fingerprint(self):
        summed = hashlib.sha256()
        for path in sorted(self.own.folder.rglob("*.[ch]")):
            if not path.is_relative_to(self.own.built):
                summed.update(str(path.relative_to(self.own.folder)).encode() + b"\0" + path.read_bytes())
        return summed.hexdigest()

    def of_one(self, run):
        """Counts go where the build is: services get no environment of ours in which another place could be named."""
        for path in self.own.built.rglob("*.gcda"):
            path.unlink()
        run()
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


def unit(own, name):
    return lambda: bench.run(own.tests[name][1], own.built, bench.TEST_SECONDS_MAX)


def simulator(own, schedules):
    return lambda: bench.run([own.built / bench.SIMULATOR, "--schedules", str(schedules)], own.built,
                             bench.SIMULATOR_SECONDS_MAX)


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
