"""Suites run side by side within their budgets, and take turns where they take minutes."""
import sys
import threading
import time

import lanes
import needs
import pytest
import steps
from counting import Count
from lanes import COMPUTES, SERVERS, Suite

PASSED = Count(passed=1)


@pytest.fixture(autouse=True)
def own_logs(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(steps, "is_over", threading.Event())


def passing(name, lane=SERVERS, **more):
    return Suite(name, lambda: PASSED, lane, 60, **more)


def sleeping(seconds):
    def run():
        step = steps.Step("sleep", ["sleep", str(seconds)])
        return PASSED if step.succeeded else Count(failed=1)
    return run


def test_a_suite_beyond_its_budget_is_ended_and_has_failed():
    begin = time.monotonic()
    counts = lanes.run([Suite("slow", sleeping(60), SERVERS, 1)], {})
    assert counts["slow"].failed >= 1 and time.monotonic() - begin < 20


def test_all_steps_of_a_suite_share_its_budget():
    def run():
        return sleeping(0.7)() + sleeping(0.7)()
    assert lanes.run([Suite("slow", run, SERVERS, 1)], {})["slow"].failed >= 1


def test_what_is_built_is_not_counted_against_the_budget():
    def run():
        return PASSED if steps.Step("build", ["sleep", "1.5"], seconds_max=60).succeeded else Count(failed=1)
    assert lanes.run([Suite("built", run, COMPUTES, 1)], {}) == {"built": PASSED}


def test_both_lanes_run_at_once():
    met = threading.Barrier(2, timeout=20)

    def run():
        met.wait()
        return PASSED
    assert lanes.run([Suite("a", run, SERVERS, 60), Suite("b", run, COMPUTES, 60)], {}) == {"a": PASSED, "b": PASSED}


def test_a_suite_that_breaks_has_failed_and_the_next_one_runs():
    def run():
        raise ValueError("broken")
    assert lanes.run([Suite("broken", run, SERVERS, 60), passing("next")], {}) == {"broken": Count(failed=1), "next": PASSED}


def test_an_interrupted_run_begins_nothing_new():
    steps.is_over.set()
    assert not lanes.run([Suite("a", sleeping(0), SERVERS, 60), passing("b")], {})


def test_each_commit_chooses_one_of_those_that_take_turns_and_all_of_the_others():
    suites = [passing("always"), passing("a", takes_turns=True), passing("b", takes_turns=True),
              passing("c", COMPUTES, takes_turns=True), passing("quick", is_asked_for=True)]
    seen = set()
    for number in range(64):
        names = [suite.name for suite in lanes.chosen_by_default(suites, f"commit {number}")]
        assert names[0] == "always" and len(names) == 2
        seen.add(names[1])
    assert seen == {"a", "b", "c"}


def test_the_same_commit_chooses_the_same():
    suites = [passing("a", takes_turns=True), passing("b", takes_turns=True)]
    assert lanes.chosen_by_default(suites, "x") == lanes.chosen_by_default(suites, "x")


def test_what_cannot_be_had_is_told_with_its_users_and_the_command(monkeypatch, capfd):
    monkeypatch.setattr(needs, "COMMANDS", {"moon": [sys.executable, "-c", "raise SystemExit(69)"],
                                            "air": [sys.executable, "-c", ""]})
    missing = needs.provide([passing("landing", needs=("moon", "air")), passing("breathing", needs=("air",))])
    assert list(missing) == ["moon"]
    assert "landing" in missing["moon"] and "breathing" not in missing["moon"]
    assert "get it with: " + sys.executable in missing["moon"] and missing["moon"] in capfd.readouterr().out


def test_what_nobody_needs_is_not_installed(monkeypatch):
    monkeypatch.setattr(needs, "COMMANDS", {"moon": [sys.executable, "-c", "raise SystemExit(69)"]})
    assert not needs.provide([passing("walking")])
