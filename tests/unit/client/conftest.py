import hashlib
import json
import logging
import os
import warnings
from datetime import UTC, date, datetime

import jsonschema
import pytest

from ratchet.client import Client
from ratchet.contracts.schema import contract_schema
from ratchet.deploy import publish
from ratchet.home import Home

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONTRACT = jsonschema.Draft202012Validator(contract_schema(), format_checker=jsonschema.FormatChecker())


def read(landing):
    """Return every event of a landing zone; each line must be whole and hold to the contract."""
    events = []
    for path in sorted(landing.glob("dt=*/*.jsonl")):
        content = path.read_bytes()
        assert content.endswith(b"\n") or not content, path
        events += [json.loads(line) for line in content.splitlines()]
    for event in events:
        CONTRACT.validate(event)
    return events


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def client(home):
    with_clock = Client(home.root, service="chat", clock=lambda: NOW, check_every_s=0)
    yield with_clock
    with_clock.close()


@pytest.fixture
def publish_flags(home):
    """Return a function that publishes flags (key -> record) and returns the version."""

    def switch(flags, day=date(2026, 11, 19), **others):
        return publish.publish(home, day, {"flags.json": {"flags": flags, **others}})

    return switch


@pytest.fixture
def publish_fixes(home):
    """Return a function that publishes (fix id, operation, layer, source) and returns the version."""

    def switch(*fixes, day=date(2026, 11, 19)):
        entries, texts = [], {}
        for fix_id, operation, layer, source in fixes:
            digest = hashlib.sha256(source.encode()).hexdigest()
            entries.append({"fix_id": fix_id, "operation": operation, "layer": layer, "sha256": digest})
            texts[f"fixes/{fix_id}/fix.py"] = source
        return publish.publish(home, day, {"fixes/index.json": {"fixes": entries}}, texts)

    return switch


@pytest.fixture
def warnings_of(caplog):
    """Return the client's warnings so far."""
    caplog.set_level(logging.WARNING, "ratchet.client")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "ratchet.client"]


def split(on=50, salt="salt.", **flag):
    """Return a boolean flag that gives `on` to a percentage."""
    targeting = {
        "if": [
            {"!!": [{"var": "targetingKey"}]},
            {"fractional": [{"cat": [salt, {"var": "targetingKey"}]}, ["on", on], ["off", 100 - on]]},
        ]
    }
    record = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    return record | {"targeting": targeting} | flag


def in_child(work):
    """Run something in a forked child and return its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads may run: that is what is tested
        child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
