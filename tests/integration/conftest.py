"""The fixtures of all tests of this folder; tests/upgrade has the same ones."""
from fixtures import (  # noqa: F401  pylint: disable=unused-import
    broker_fixture, jaeger_fixture, mongod_fixture, new_system_fixture, system_fixture)  # noqa: F401
