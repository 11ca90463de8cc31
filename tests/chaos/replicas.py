"""Two secondaries beside the world's mongod for a while: with them stopped, no majority acknowledges a write."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import pymongo
from pymongo.errors import PyMongoError
from system_rig import free_port, until

COUNT = 2
JOIN_S_MAX = 60
SECONDARY = 2  # a member's state, in replSetGetStatus


class Replicas:
    """They never become primary, so that the set's primary stays the world's mongod."""

    def __init__(self, mongod):
        self.mongod = mongod
        self.processes = []
        self.ports = [free_port() for _ in range(COUNT)]
        self.binary = os.readlink(f"/proc/{mongod.env['MONGODB_PID']}/exe")

    def admin(self):
        """Of the primary, whatever the set thinks of it."""
        return pymongo.MongoClient("127.0.0.1", int(self.mongod.env["MONGODB_PORT"]), directConnection=True,
                                   serverSelectionTimeoutMS=2000, socketTimeoutMS=10000)

    def launch(self, port):
        folder = pathlib.Path(self.mongod.folder) / f"replica-{port}"
        folder.mkdir(exist_ok=True)
        # The mark by which the script that stops the mongod finds whatever belongs to it.
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder),
                       "ROUNDTRIP_SERVER_DIR": str(pathlib.Path(self.mongod.folder).resolve())}
        self.processes.append(subprocess.Popen(
            [self.binary, "--dbpath", folder, "--logpath", f"{folder}.log", "--logappend", "--bind_ip", "127.0.0.1",
             "--port", str(port), "--nounixsocket", "--replSet", "rs0", "--oplogSize", "64",
             "--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def members_change(self, change):
        """One member at a time, as the set demands it; again while it is not ready for that."""
        def is_done():
            with contextlib.suppress(PyMongoError), self.admin() as client:
                config = client.admin.command("replSetGetConfig")["config"]
                config["members"] = change(config["members"])
                config["version"] += 1
                return client.admin.command("replSetReconfig", config)["ok"]
            return False

        until(is_done, "the set has changed its members", JOIN_S_MAX)

    def joined(self):
        with contextlib.suppress(PyMongoError), self.admin() as client:
            status = client.admin.command("replSetGetStatus")
            return (status["writeMajorityCount"] == COUNT and status["votingMembersCount"] == COUNT + 1
                    and [member["state"] for member in status["members"]].count(SECONDARY) == COUNT)
        return False

    def start(self):
        for port in self.ports:
            self.launch(port)
        for index, port in enumerate(self.ports):
            member = {"_id": index + 1, "host": f"127.0.0.1:{port}", "priority": 0}
            self.members_change(lambda members, member=member: members + [member])
        until(self.joined, "the secondaries have joined", JOIN_S_MAX)

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)

    def resume(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)

    def close(self):
        """The set is as it was."""
        for _ in range(COUNT):
            self.members_change(lambda members: members[:-1])
        for process in self.processes:
            process.kill()
            process.wait()
        for port in self.ports:
            shutil.rmtree(pathlib.Path(self.mongod.folder) / f"replica-{port}")
