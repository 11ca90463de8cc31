"""counting - reads how many single tests passed, failed and were skipped out of what test tools write.

Whatever went wrong without any test saying so (a crash, a timeout, no tests at all) counts as one
more that failed.
"""
import dataclasses
import json
import pathlib
import re
import xml.etree.ElementTree

TAP_LINE = re.compile(r"^\s*(ok|not ok)\b([^#\n]*)(?:#\s*(\w+))?", re.M)
TAP_PLAN = re.compile(r"^\s*1\.\.(\d+)", re.M)


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    @property
    def total(self):
        return self.passed + self.failed + self.skipped


FAILED = Count(failed=1)


def tap(text, succeeded):
    """succeeded: what the program's exit status, or who ran it, says."""
    count = Count()
    for verdict, _, directive in TAP_LINE.findall(text):
        if (directive or "").upper().startswith("SKIP"):
            count.skipped += 1
        elif verdict == "ok":
            count.passed += 1
        else:
            count.failed += 1
    promised = sum(int(number) for number in TAP_PLAN.findall(text))
    if promised > count.total:
        count.failed += promised - count.total  # it ended before it came to them
    if not succeeded and not count.failed:
        count.failed += 1
    return count


def meson_test(record):
    """One line of meson's testlog.json; many of our tests write TAP, one line a test."""
    output = record.get("stdout") or ""
    succeeded = record["result"] in ("OK", "EXPECTEDFAIL")
    if record["result"] == "SKIP":
        return Count(skipped=1)
    if TAP_LINE.search(output):
        return tap(output, succeeded)
    return Count(passed=1) if succeeded else FAILED


def meson_log(path, succeeded):
    path = pathlib.Path(path)
    count = Count()
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            count += meson_test(json.loads(line))
    return at_least_one(count, succeeded)


def junit(path, succeeded):
    count = Count()
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return FAILED
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1
    return at_least_one(count, succeeded)


def at_least_one(count, succeeded):
    """A suite that is empty, or failed without a test that did, has failed."""
    if count.total == 0 or (not succeeded and not count.failed):
        return count + FAILED
    return count
