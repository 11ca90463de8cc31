"""replica_set.py PORT SECONDS - makes the mongod on 127.0.0.1:PORT the primary of the replica set rs0, alone in it,
and returns once it takes writes. Harmless when it is that already."""

import sys
import time

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

NOT_YET_INITIALIZED = 94


def configure(admin, member):
    """Initiates the set; or, when the data come from a start on another port, moves it to this one."""
    try:
        config = admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": member}]})
        return
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        admin.command("replSetReconfig", config, force=True)


def main(port, seconds):
    deadline = time.monotonic() + seconds
    member = f"127.0.0.1:{port}"
    # Directly, for the set may not exist yet, or still name another port.
    client = pymongo.MongoClient(
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=20000
    )
    configured = False
    problem = "not primary"
    while time.monotonic() < deadline:
        try:
            if not configured:
                configure(client.admin, member)
                configured = True
            hello = client.admin.command("hello")
            if hello["isWritablePrimary"] and hello["me"] == member:
                return 0
        except PyMongoError as error:
            problem = str(error)
        time.sleep(0.05)
    print(f"no primary on {member} within {seconds} s: {problem}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
