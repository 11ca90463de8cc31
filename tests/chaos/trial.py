"""One fault at work: whether the services say so at /readyz in time, by name, and say when it is over."""
import threading
import time

SEEN_S_MAX = 5
WELL_S_MAX = 60
AGAIN_S_MAX = 1
POLL_S = 0.1


def rounded(seconds):
    return None if seconds is None else round(seconds, 2)


class Trial:
    """Of one fault in one round. `others` strike at the same time: who is dead or frozen by one is asked nothing."""

    def __init__(self, world, fault, others=()):
        self.world, self.fault = world, fault
        self.touched = set().union(*(other.touches for other in others if not other.is_quiet))
        self.is_masked = bool(self.touched - set(world.processes))  # a server is away too: that may be told first
        self.problems = []
        self.seen_s = self.healed_s = self.healed_at = None
        self.is_healed = threading.Event()
        self.thread = self.failure = None  # whoever plays it keeps them here

    def groups(self):
        """Processes of which one at least has to say so; none where nothing can be asked of them."""
        if not self.fault.check:
            return []
        alive = [[name for name in group if name not in self.touched] for group in self.fault.concerns]
        return [group for group in alive if group]

    def looked(self, name):
        """(status of /readyz, what it says of the check); (None, ...) if it does not answer."""
        try:
            status, answer = self.world.ask_ops(name, "/readyz", timeout_s=2)
            return status, answer["checks"].get(self.fault.check, {"status": "missing"})
        except (OSError, ValueError) as error:
            return None, {"status": f"no answer: {error}"}

    def shows(self, name):
        status, check = self.looked(name)
        is_failure = self.fault.status == "fail"
        if self.is_masked and is_failure:
            return status == 503
        return check["status"] == self.fault.status and (self.is_masked or (status == 503) == is_failure)

    def is_well(self, name):
        status, check = self.looked(name)
        return check["status"] == "pass" and (status == 200 or self.is_masked)

    def lasts(self):
        """Called while the fault lasts: what was seen is seen still, or again, as one that tries once more may pass."""
        begin = time.monotonic()
        left = self.groups() if self.seen_s is not None and not self.problems and self.healed_at is None else []
        while left := [group for group in left if not any(self.shows(name) for name in group)]:
            if time.monotonic() - begin > AGAIN_S_MAX:
                self.problems.append(f"{self.fault.kind}: it lasts, and /readyz says "
                                     f"{ {name: self.looked(name) for group in left for name in group} }")
                return
            time.sleep(POLL_S)

    def is_answering(self, name):
        """While the fault lasts."""
        status, check = self.looked(name)
        if status is None and not self.problems:
            self.problems.append(f"{self.fault.kind}: /readyz of {name}: {check['status']}")

    def begins(self):
        """Called when the fault has struck; returns when it is seen, or is not."""
        begin = time.monotonic()
        left = self.groups()
        while left:
            left = [group for group in left if not any(self.shows(name) for name in group)]
            self.seen_s = time.monotonic() - begin
            if self.seen_s > self.fault.seen_s_max:
                late = left or self.groups()
                self.problems.append(f"{self.fault.kind}: /readyz does not show {self.fault.check} {self.fault.status} "
                                     f"within {self.fault.seen_s_max} s: "
                                     f"{ {name: self.looked(name) for group in late for name in group} }")
                return
            if left:
                time.sleep(POLL_S)

    def ends(self):
        """Called when the fault is healed; returns when /readyz says so, or does not."""
        if self.healed_at is not None:
            return
        self.healed_at = time.monotonic()
        self.is_healed.set()
        if self.problems:
            return
        left = [name for group in self.groups() for name in group]
        while left := [name for name in left if not self.is_well(name)]:
            if time.monotonic() - self.healed_at > WELL_S_MAX * self.world.patience:
                self.problems.append(f"{self.fault.kind}: healed, and after {time.monotonic() - self.healed_at:.0f} s "
                                     f"/readyz says { {name: self.looked(name) for name in left} }")
                return
            time.sleep(POLL_S)
        if self.groups():
            self.healed_s = time.monotonic() - self.healed_at

    def is_settled(self, settled_s):
        """So long after all faults of the round everything was found: soon enough for this one?"""
        if not self.fault.found_s_max:
            return
        self.healed_s = max(self.healed_s or 0, settled_s)
        if self.healed_s > self.fault.found_s_max * self.world.patience:
            self.problems.append(f"{self.fault.kind}: everything is found only after {self.healed_s:.0f} s")

    def report(self):
        return {"fault": self.fault.kind, "check": self.fault.check,
                "seen_s": rounded(self.seen_s), "healed_s": rounded(self.healed_s)}
