"""Servers for a whole run of pytest, and systems for one test or one module each."""
import contextlib

import pymongo
import pytest
from system_rig import Broker, Server, System


def running(server):
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        yield server.start()


@pytest.fixture(name="broker", scope="session")
def broker_fixture(tmp_path_factory):
    yield from running(Broker(tmp_path_factory.mktemp("rabbitmq")))


@pytest.fixture(name="mongod", scope="session")
def mongod_fixture(tmp_path_factory):
    yield from running(Server("mongodb", tmp_path_factory.mktemp("mongodb")))


@pytest.fixture(name="jaeger", scope="session")
def jaeger_fixture(tmp_path_factory):
    yield from running(Server("jaeger", tmp_path_factory.mktemp("jaeger")))


@pytest.fixture(name="new_system")
def new_system_fixture(request, tmp_path, broker):
    """new_system(store="sqlite" or "mongodb", amqp_url=..., ROUNDTRIP_...="...") -> System"""
    with contextlib.ExitStack() as stack:

        def make(store="sqlite", amqp_url=None, **settings):
            mongo = None
            if store == "mongodb":
                mongo = stack.enter_context(pymongo.MongoClient(request.getfixturevalue("mongod").env["MONGODB_URL"]))
            folder = tmp_path / f"system{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            system = System(folder, amqp_url or broker.new_host(), mongo, **settings)
            stack.callback(system.close)
            return system

        yield make


@pytest.fixture(name="system", scope="module")
def system_fixture(tmp_path_factory, broker):
    """One that all tests of a module share, running, on SQLite."""
    with contextlib.closing(System(tmp_path_factory.mktemp("system"), broker.new_host())) as system:
        yield system.start()
