"""The servers of tests/integration, and what else its tests are made of."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from fixtures import broker_fixture, mongod_fixture  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import
