"""A landing zone in an S3 bucket gives the bytes that a local folder gives; what is wrong with it is one line."""

from __future__ import annotations

import gzip
import json
import socket
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ratchet import cli
from ratchet.errors import UnreachableError
from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.landing import Landing
from ratchet.log.remote import shown
from ratchet.log.sources import LandedSource

s3fs = pytest.importorskip("s3fs", reason="pip install s3fs")
moto = pytest.importorskip("moto.server", reason="pip install 'moto[server]'")

DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)


def event(number: int) -> bytes:
    fields = {"event_type": "heartbeat", "occurred_at": "2026-11-10T08:00:00Z", "service": "s", "up": True}
    return json.dumps({"event_id": f"e{number}", **fields}).encode() + b"\n"


FILES = {
    f"dt={DAY}/a.jsonl": event(1) + event(2) + b"no json\n",
    f"dt={DAY}/deep/ü b+c%20.jsonl.gz": gzip.compress(event(3) + event(1), mtime=0),
    f"dt={DAY}/truncated.jsonl.gz": gzip.compress(event(4) * 2000, mtime=0)[:-20],
    f"dt={DAY}/empty.jsonl": b"",
    f"dt={DAY}/_SUCCESS": b"",
    f"dt={DAY}/half.jsonl.tmp": event(9),
    f"dt={DAY}/notes.txt": b"hello",
    f"dt={NEXT}/b.jsonl": event(5) + event(2)[:-1],
    ".hidden/x.jsonl": event(8),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    yield f"http://{host}:{port}"
    found.stop()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str) -> Iterator[None]:
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    name = f"logs-{abs(hash(request.node.name))}"
    s3fs.S3FileSystem().mkdir(name)
    return name


def put(bucket: str, files: dict[str, bytes], folder: str = "app") -> str:
    system = s3fs.S3FileSystem()
    for name, content in files.items():
        system.pipe_file(f"{bucket}/{folder}/{name}", content)
    return f"s3://{bucket}/{folder}"


def brought_in(home: Path, zone: str | Path) -> dict[str, bytes]:
    ingest_until(Home(home), [LandedSource("native", zone)], NEXT, IngestOptions(threads=1), NEXT + timedelta(days=1))
    found = (path for path in home.rglob("*") if path.is_file() and path.name != ".fingerprints.json")
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(found)}


def test_a_bucket_gives_the_bytes_of_a_folder_and_leaves_no_copy(bucket, tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    local = brought_in(tmp_path / "one", tmp_path / "landing")
    assert brought_in(tmp_path / "two", put(bucket, FILES)) == local
    assert "bronze/_loads/2026-11-10.json" in local
    assert not [path for path in (tmp_path / "two").rglob("*") if "copies" in path.parts]


def test_what_lands_later_is_seen_and_nothing_is_read_twice(bucket, tmp_path, monkeypatch):
    zone = put(bucket, FILES)
    before = brought_in(tmp_path / "home", zone)
    with monkeypatch.context() as patched:
        patched.setattr("ratchet.log.remote.opened", None)  # nothing has changed: no file is opened
        assert brought_in(tmp_path / "home", zone) == before
    put(bucket, {f"dt={NEXT}/c.jsonl": event(6)})
    assert brought_in(tmp_path / "home", zone) != before


def test_a_file_that_changes_while_it_is_read_stops_the_night(bucket, tmp_path, monkeypatch):
    zone = put(bucket, {f"dt={DAY}/a.jsonl": event(1)})
    monkeypatch.setattr("ratchet.log.landing.Fingerprints.of", lambda *_: "0" * 64)
    with pytest.raises(UnreachableError, match="changed while it was read"):
        brought_in(tmp_path / "home", zone)


def test_the_command_line_takes_a_url(bucket, capsys):
    zone = put(bucket, {f"dt={DAY}/a.jsonl": event(1)})
    assert cli.main(["validate-logs", zone]) == 0
    assert "1 lines in 1 file(s): 1 loaded" in capsys.readouterr().out


def test_a_bucket_without_day_folders_lands_by_the_day_of_change(bucket):
    zone = put(bucket, {"a.jsonl": event(1)})
    [day] = Landing([LandedSource("native", zone)]).days()
    assert day >= DAY


def refusal(zone: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = cli.main(["validate-logs", zone])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "hush-hush" not in said
    return code, said


def test_a_bucket_or_folder_that_is_not_there(bucket, capsys):
    for zone in ("s3://no-such-bucket-anywhere/logs", f"s3://{bucket}/nothing"):
        code, said = refusal(zone, capsys)
        assert code == 2
        assert f"the landing zone does not exist ({zone})" in said
        assert "check --landing" in said


def test_no_credentials(bucket, monkeypatch, capsys):
    zone = put(bucket, FILES)
    s3fs.S3FileSystem.clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    code, said = refusal(zone, capsys)
    assert code == 2
    assert "may not be read" in said
    assert "set AWS_ACCESS_KEY_ID" in said


def test_no_answer(monkeypatch, capsys):
    with socket.socket() as taken:  # bound and not listening: refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        code, said = refusal("s3://bucket/logs", capsys)
    assert code == 1
    assert "the landing zone cannot be reached" in said
    assert "AWS_ENDPOINT_URL" in said


def test_no_package(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3")
    code, said = refusal("s3://bucket/logs", capsys)
    assert code == 2
    assert "pip install s3fs" in said


def test_no_such_protocol(capsys):
    code, said = refusal("s4://bucket/logs", capsys)
    assert code == 2
    assert "cannot be read" in said
    assert shown("s3://key:hush-hush@bucket/logs") == "s3://bucket/logs"
