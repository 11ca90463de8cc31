"""lanes - runs suites in two lanes side by side, and counts.

One lane waits on servers most of the time, the other computes: together they take little more than the longer of them.
In the lane that computes, everything is nice, so that what watches the clock in the other is not held up by it.
"""
import dataclasses
import hashlib
import os
import threading
import time
import typing

import steps
from counting import FAILED, Count

SERVERS, COMPUTES = "servers", "computes"
NICE = {SERVERS: 0, COMPUTES: 10}
JOIN_S = 0.2
# A machine that is slower, or that does other things: the budgets, times this.
PATIENCE = float(os.environ.get("ROUNDTRIP_TEST_PATIENCE", "1"))


@dataclasses.dataclass
class Suite:
    name: str
    run: typing.Callable[[], Count]
    lane: str
    seconds_max: float  # its budget: what takes longer has failed. About twice what it took beside the other lane
    needs: tuple = ()  # of needs.py
    takes_turns: bool = False  # one of these in a run of everything, by the commit
    is_asked_for: bool = False  # only when it is named


def chosen_by_default(suites, commit):
    """All, of those that take turns the one whose turn it is at this commit."""
    turns = [suite for suite in suites if suite.takes_turns]
    number = int.from_bytes(hashlib.sha256(commit.encode()).digest()[:8], "big")
    turn = turns[number % len(turns)] if turns else None
    return [suite for suite in suites if not suite.is_asked_for and (not suite.takes_turns or suite is turn)]


def run_one(suite):
    """Its count; whatever goes wrong is a failure of this suite and of no other."""
    begin = time.monotonic()
    budget = steps.Budget(suite.seconds_max * PATIENCE)
    steps.own.budget, steps.own.nice = budget, NICE[suite.lane]
    steps.say(f"{suite.name} ...")
    try:
        count = suite.run()
    except steps.Interrupted:
        raise
    except Exception as error:  # pylint: disable=broad-except
        steps.say(f"--- {suite.name}: {type(error).__name__}: {error}")
        count = FAILED
    if budget.spent_s > budget.seconds_max:
        steps.say(f"--- {suite.name}: took {budget.spent_s:.0f} s, and its budget is {budget.seconds_max:.0f} s")
        count += FAILED
    steps.say(f"{suite.name}: {count} ({time.monotonic() - begin:.0f} s)")
    return count


class Lane(threading.Thread):
    def __init__(self, suites, counts):
        super().__init__(daemon=True)
        self.suites, self.counts = suites, counts

    def run(self):
        try:
            for suite in self.suites:
                self.counts[suite.name] = run_one(suite)
        except steps.Interrupted:
            pass


def run(suites, counts):
    """All lanes at once; the count of each suite that is finished goes into `counts`, by its name."""
    lanes = [Lane([suite for suite in suites if suite.lane == name], counts) for name in (SERVERS, COMPUTES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        while lane.is_alive():
            lane.join(JOIN_S)  # in pieces, so that a signal is heard
    return counts
