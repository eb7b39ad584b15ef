"""Lines are whole whoever writes them and however the writer ends, and nothing that fails reaches the application."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ratchet.client import Client
from ratchet.client.event_log import EventLog

from .conftest import NOW, in_child, read

WRITER = """
import sys
from ratchet.client import Client
client = Client(sys.argv[1], service="chat")
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    client.log_request(f"user-{number}", "ask", {"text": "x" * int(sys.argv[3])}, True)
"""


def start(home, events, size=10):
    arguments = [sys.executable, "-c", WRITER, str(home), str(events), str(size)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def test_many_threads_lose_and_mix_nothing(client, home):
    def work(name):
        for number in range(200):
            client.log_request(f"{name}-{number}", "ask", {"text": "ä" * 500}, True)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    users = Counter(event["user_id"] for event in read(home.landing))
    assert len(users) == 3200
    assert set(users.values()) == {1}
    assert client.counts == {}


def test_many_processes_have_a_file_each(home):
    processes = [start(home.root, 300, 3000) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    for process in processes:
        process.stdout.close()
    assert len(read(home.landing)) == 1200
    assert len(list(home.landing.glob("dt=*/*.jsonl"))) == 4


def test_a_killed_writer_leaves_whole_lines_and_at_most_a_piece_of_one(home):
    process = start(home.root, 10_000_000, 20_000)
    process.stdout.readline()
    while sum(path.stat().st_size for path in home.landing.glob("dt=*/*.jsonl")) < 1_000_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdout.close()
    (path,) = home.landing.glob("dt=*/*.jsonl")
    *whole, last = path.read_bytes().split(b"\n")
    assert b'"event_type"' in last[:200] or not last
    assert len(whole) > 10
    assert all(json.loads(line)["event_type"] == "interaction" for line in whole)
    other = Client(home.root, service="chat")
    other.log_request("u", "after")
    assert b"after" not in path.read_bytes()  # nobody writes behind the piece of a line


def test_a_forked_child_writes_its_own_file_even_when_the_lock_was_held(client, home):
    client.log("heartbeat", service="chat", up=True)
    held, go = threading.Event(), threading.Event()

    def hold():
        with client._log._lock, client._complaints._lock:
            held.set()
            go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    assert in_child(lambda: (signal.alarm(20), client.log("heartbeat", service="child", up=True))) == 0
    go.set()
    thread.join()
    client.log("heartbeat", service="chat", up=False)
    assert [len(path.read_bytes().splitlines()) for path in sorted(home.landing.glob("dt=*/*"))] in ([1, 2], [2, 1])
    assert len(read(home.landing)) == 3


def test_a_signal_handler_may_log_while_its_thread_writes(client, home):
    with client._log._lock:
        client.log("heartbeat", service="chat", up=True)
    assert len(read(home.landing)) == 1


def test_a_new_day_is_a_new_folder(tmp_path):
    now = [datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)]
    log = EventLog(tmp_path, "chat", lambda: now[0])
    log.append(b"1\n")
    now[0] += timedelta(seconds=2)
    log.append(b"2\n")
    log.close()
    found = {path.parent.name: path.read_bytes() for path in tmp_path.glob("dt=*/*")}
    assert found == {"dt=2026-11-20": b"1\n", "dt=2026-11-21": b"2\n"}


@pytest.mark.parametrize("name", ["a/../../b", "é ü", "x" * 500, "", "con\x00trol"])
def test_any_service_name_stays_in_its_folder(tmp_path, name):
    log = EventLog(tmp_path, name)
    log.append(b"1\n")
    log.close()
    assert len(list(tmp_path.glob("dt=*/*.jsonl"))) == 1


def test_a_folder_that_went_away_is_counted_and_said_once(client, home, warnings_of):
    home.landing.rmdir()
    for _ in range(5):
        client.log_request("u", "ask")
    assert client.counts == {"lost": 5}
    assert len(warnings_of()) == 1
    assert "No such file" in warnings_of()[0]
    assert not home.landing.exists()  # it may be a disk that is not mounted
    home.landing.mkdir()
    client.log_request("u", "ask")
    assert len(read(home.landing)) == 1


def test_a_file_that_was_deleted_is_begun_anew(client, home):
    client.log_request("u", "first")
    (path,) = home.landing.glob("dt=*/*")
    path.unlink()
    client.log_request("u", "second")
    assert [event["intent"] for event in read(home.landing)] == ["second"]
    assert client.counts == {}


def test_a_landing_zone_that_is_a_file_does_not_stop_the_application(tmp_path, warnings_of):
    (tmp_path / "landing").write_text("")
    client = Client(tmp_path)
    client.log_request("u", "ask")
    assert client.counts == {"lost": 1}
    assert len(warnings_of()) == 1


def test_a_read_only_folder_does_not_stop_the_application(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    client = Client(tmp_path)
    (tmp_path / "landing").chmod(0o555)
    if os.geteuid() == 0:  # root may write anywhere
        monkeypatch.setattr(os, "open", refuse)
    client.log_request("u", "ask")
    assert client.counts == {"lost": 1}
    monkeypatch.undo()
    (tmp_path / "landing").chmod(0o755)
    client.log_request("u", "ask")
    assert len(read(tmp_path / "landing")) == 1


FULL = """
import resource, sys
from ratchet.client import Client
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
client = Client(sys.argv[1])
for number in range(50):
    client.log_request("u", "ask", {"text": "x" * 300})
print(client.counts["lost"])
"""


def test_when_the_disk_is_full_the_file_still_holds_whole_lines(home):
    done = subprocess.run([sys.executable, "-c", FULL, str(home.root)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    events = read(home.landing)
    assert 5 < len(events) < 50
    assert int(done.stdout) == 50 - len(events)
    assert done.stderr.count("cannot be written") == 1


SMALL = """
import pathlib, sys
from ratchet.client import Client
home = pathlib.Path(sys.argv[1])
(home / "ballast").write_bytes(bytes(20_000))
client = Client(home)
while not client.counts:
    client.log_request("u", "ask", {"text": "x" * 3000})
(home / "ballast").unlink()
client.log_request("u", "after", {"text": "x" * 3000})
print(client.counts["lost"])
print("".join(path.read_text() for path in home.glob("landing/dt=*/*")), end="")
"""


def test_a_disk_that_is_really_full_loses_no_line_before_or_after(tmp_path):
    (tmp_path / "small").mkdir()
    script = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-rm", "sh", "-c", script, "-", tmp_path / "small", sys.executable, SMALL]
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system of its own (unshare -rm)")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "mount:" in done.stderr:
        pytest.skip(f"needs the right to mount a small file system: {done.stderr.strip()}")
    lost, *lines = done.stdout.splitlines()
    assert (lost, "No space left on device" in done.stderr) == ("1", True), done.stderr
    intents = [json.loads(line)["intent"] for line in lines]
    assert intents == ["ask"] * (len(lines) - 1) + ["after"]
    assert len(lines) > 5


def test_a_write_that_ends_early_is_finished_or_undone(tmp_path, monkeypatch):
    log, real = EventLog(tmp_path, "chat", lambda: NOW), os.write
    log.append(b"before\n")
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:3]))
    log.append(b"in parts\n")
    calls = iter([lambda handle, data: real(handle, data[:3])])

    def full(handle, data):
        for call in calls:
            return call(handle, data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        log.append(b"lost\n")
    monkeypatch.undo()
    log.append(b"after\n")
    log.close()
    assert next(tmp_path.glob("dt=*/*")).read_bytes() == b"before\nin parts\nafter\n"
