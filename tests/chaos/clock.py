"""The wall clock of one process, as clock_shift.c shows it to that process."""
import email.utils
import mmap
import struct
import time


class Clock:
    def __init__(self, path):
        self.path = path
        path.write_bytes(struct.pack("q", 0))
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 8)

    def set(self, shift_s):
        """So far ahead of the machine's clock, or behind."""
        self.shared[:] = struct.pack("q", int(shift_s * 1e9))


def told_shift_s(headers):
    """How far ahead the clock is that has dated an answer."""
    return email.utils.parsedate_to_datetime(headers["date"]).timestamp() - time.time()
