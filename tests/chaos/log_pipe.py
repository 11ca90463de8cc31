"""A service's log: a pipe that is read into a file, until a test stops to read."""
import contextlib
import os
import select
import threading

READ_BYTES = 65536
POLL_S = 0.1
FILLER = b"nobody reads this log\n"


class LogPipe(threading.Thread):
    """The pipe outlives the service: it has an end for writing of its own."""

    def __init__(self, folder, name):
        super().__init__(daemon=True)
        self.path, self.log = folder / f"{name}.pipe", folder / f"{name}.log"
        os.mkfifo(self.path)
        self.source = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.own_end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        self.reading = threading.Lock()
        self.is_over = threading.Event()
        self.start()

    def run(self):
        with open(self.log, "ab", buffering=0) as log:
            while not self.is_over.is_set():
                if select.select([self.source], [], [], POLL_S)[0]:
                    with self.reading, contextlib.suppress(BlockingIOError):
                        log.write(os.read(self.source, READ_BYTES))

    def stop_reading(self):
        """Returns with the pipe full: the next line of the service waits."""
        self.reading.acquire()  # pylint: disable=consider-using-with
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.own_end, FILLER)

    def read_on(self):
        self.reading.release()

    def close(self):
        if self.reading.locked():
            self.read_on()
        self.is_over.set()
        self.join(10)
        os.close(self.own_end)
        os.close(self.source)
