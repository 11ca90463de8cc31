"""Which faults strike next, and how several strike at once."""
import threading

from trial import Trial


class Deck:
    """Each fault comes once before any comes twice. Every other round has two of them at once; a freeze, which takes
    long, has two others meanwhile."""

    def __init__(self, faults, random):
        self.faults, self.random = faults, random
        self.left = []

    def draw(self, wanted=None):
        hand, busy = [], frozenset()
        wanted = wanted or 1 + (self.random.random() < 0.5)
        while len(hand) < wanted and (fault := self.take(busy)):
            hand.append(fault)
            busy |= fault.touches
            if fault.kind.startswith("freeze"):
                wanted = max(wanted, 3)
        return hand

    def take(self, busy):
        if not self.left:
            self.left = list(self.faults)
            self.random.shuffle(self.left)
        for fault in self.left:
            if not fault.touches & busy:
                self.left.remove(fault)
                return fault
        return None


def strike(world, random, faults):
    """All of them at the same time; returns a Trial for each when all are healed. finish(trials) waits for the rest."""
    trials = [Trial(world, fault, [other for other in faults if other is not fault]) for fault in faults]
    sources = [type(random)(random.getrandbits(64)) for _ in faults]

    def work(trial, source):
        try:
            for pause_s in trial.fault.run(world, source, trial):
                threading.Event().wait(pause_s)
                trial.lasts()
            trial.ends()
        except BaseException as failure:  # pylint: disable=broad-except
            trial.failure = failure
            trial.is_healed.set()

    for trial, source in zip(trials, sources):
        trial.thread = threading.Thread(target=work, args=(trial, source), daemon=True)
        trial.thread.start()
    for trial in trials:
        trial.is_healed.wait()
    failures_raise(trials)
    return trials


def finish(trials):
    """Returns when each has been told to be over, or was not for too long."""
    for trial in trials:
        trial.thread.join()
    failures_raise(trials)


def failures_raise(trials):
    for trial in trials:
        if trial.failure:
            raise trial.failure
