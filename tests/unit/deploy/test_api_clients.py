from datetime import date

from ratchet.deploy.api_clients import in_force, index, published_since, texts
from ratchet.deploy.decisions import Decision, Kind

ONE, TWO, THREE = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)


def deployed(name, client, day, api="pets"):
    return Decision(name, 1, Kind.DEPLOYED, day, "night", "published", {"api": api, "client": client})


def test_the_newest_client_of_an_api_is_in_force():
    recorded = [deployed("a", "1", ONE), deployed("b", "2", TWO), deployed("c", "3", TWO, "toys")]
    assert in_force(recorded, ONE) == {"pets": "1"}
    assert in_force(recorded, THREE) == {"pets": "2", "toys": "3"}


def test_one_that_was_rolled_back_is_not():
    recorded = [deployed("a", "1", ONE), Decision("a", 1, Kind.ROLLED_BACK, TWO, "night")]
    assert in_force(recorded, TWO) == {}


def test_an_api_has_a_client_since_the_first_one():
    recorded = [deployed("a", "1", ONE), deployed("b", "2", TWO), deployed("c", "3", TWO, "toys")]
    assert published_since(recorded, THREE) == {"pets": ONE, "toys": TWO}
    assert published_since([*recorded, Decision("b", 1, Kind.ROLLED_BACK, THREE, "night")], THREE) == {"toys": TWO}


def test_other_deployments_are_none():
    assert in_force([Decision("x", 1, Kind.DEPLOYED, ONE, "night", "", {"fix_id": "f"})], TWO) == {}


def test_clients_are_published_as_packages():
    clients = {"pets": {"client.py": "x = 1", "__init__.py": ""}}
    assert texts(clients) == {"api_clients/pets/client.py": "x = 1", "api_clients/pets/__init__.py": ""}
    assert index(clients) == {
        "clients": [{"api": "pets", "path": "api_clients/pets", "files": ["__init__.py", "client.py"]}]
    }
