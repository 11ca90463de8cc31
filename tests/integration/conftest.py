"""Servers for a whole run of pytest, and systems for one test each."""
import pymongo
import pytest
from system_rig import Broker, Server, System


@pytest.fixture(name="broker", scope="session")
def broker_fixture(tmp_path_factory):
    server = Broker(tmp_path_factory.mktemp("rabbitmq")).start()
    yield server
    server.stop()


@pytest.fixture(name="mongod", scope="session")
def mongod_fixture(tmp_path_factory):
    server = Server("mongodb", tmp_path_factory.mktemp("mongodb")).start()
    yield server
    server.stop()


@pytest.fixture(name="jaeger", scope="session")
def jaeger_fixture(tmp_path_factory):
    server = Server("jaeger", tmp_path_factory.mktemp("jaeger")).start()
    yield server
    server.stop()


@pytest.fixture(name="new_system")
def new_system_fixture(request, tmp_path, broker):
    """new_system(store="sqlite" or "mongodb", amqp_url=..., ROUNDTRIP_...="...") -> System"""
    made = []

    def make(store="sqlite", amqp_url=None, **settings):
        mongo = None
        if store == "mongodb":
            mongo = pymongo.MongoClient(request.getfixturevalue("mongod").env["MONGODB_URL"])
        folder = tmp_path / f"system{len(made)}"
        folder.mkdir()
        made.append(System(folder, amqp_url or broker.new_host(), mongo, **settings))
        return made[-1]

    yield make
    for system in made:
        system.close()
        if system.mongo:
            system.mongo.close()
