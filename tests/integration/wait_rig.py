"""What a test waits for besides an answer: a span in which nothing happens, and requests that are in a server's hands."""
import time

from system_rig import until

ESTABLISHED, CLOSE_WAIT = "01", "08"  # in /proc/net/tcp


def stays(question, what, span_s, poll_s=0.1):
    """Asks for a whole span, since that nothing happens only time can show: the answer stays true."""
    deadline = time.monotonic() + span_s
    while time.monotonic() < deadline:
        assert question(), what() if callable(what) else what
        time.sleep(poll_s)


def connections(port):
    """Of each connection that a port of this machine has: how many bytes nobody has read yet. One whose client has gone
    is there until the server closes it too."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return [int(row[4].split(":")[1], 16) for row in rows
            if int(row[1].split(":")[1], 16) == port and row[3] in (ESTABLISHED, CLOSE_WAIT)]


def until_taken(port):
    """What has been sent to the port is in the hands of the threads that answer."""
    until(lambda: not any(connections(port)), lambda: f"port {port} reads what it gets: {connections(port)}")
