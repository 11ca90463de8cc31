"""The build folder that is tested, ROUNDTRIP_BUILD or build/, and the services that it has."""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ROUNDTRIP_BUILD", ROOT / "build")).resolve()
sys.path.insert(0, str(ROOT / "system"))
import services  # noqa: E402  pylint: disable=wrong-import-position

PROGRAMS = services.names()
# Of those that take part in the saga:
SERVICES = tuple(one["name"] for one in services.participants(BUILD))
QUEUES = tuple(one["queue"] for one in services.participants(BUILD))
COLLECTIONS = {one["name"]: one["collection"] for one in services.participants(BUILD)}
