from datetime import date

from ratchet import files
from ratchet.deploy import publish
from ratchet.home import Home

DAY = date(2026, 11, 1)


def test_a_version_is_whole_and_the_same_content_is_the_same_version(tmp_path):
    home = Home(tmp_path)
    first = publish.publish(home, DAY, {"health.json": {"status": "healthy"}})
    assert publish.publish(home, DAY, {"health.json": {"status": "healthy"}}) == first == publish.current(home)
    assert files.read_json(home.published / "health.json") == {"status": "healthy"}
    second = publish.publish(home, DAY, {"health.json": {"status": "critical"}})
    assert second != first
    assert publish.current(home) == second


def test_nothing_published_is_none(tmp_path):
    assert publish.current(Home(tmp_path)) is None


def test_old_versions_go_and_the_current_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "KEPT_VERSIONS", 2)
    home = Home(tmp_path)
    for number in range(5):
        version = publish.publish(home, DAY, {"health.json": {"n": number}})
    assert publish.current(home) == version
    assert len(list((tmp_path / "versions").iterdir())) == 3


def test_one_file_is_amended_in_a_whole_new_version(tmp_path):
    home = Home(tmp_path)
    first = publish.publish(home, DAY, {"flags.json": {"a": 1}, "health.json": {"n": 1}}, {"fixes/x.py": "x = 1\n"})
    second = publish.amend(home, "flags.json", {"a": 2})
    assert second != first
    assert second == publish.current(home)
    assert files.read_json(home.published / "flags.json") == {"a": 2}
    assert files.read_json(home.published / "health.json") == {"n": 1}
    assert (home.published / "fixes" / "x.py").read_text("utf-8") == "x = 1\n"
    assert files.read_json(tmp_path / "versions" / first / "flags.json") == {"a": 1}
    assert publish.amend(home, "flags.json", {"a": 2}) == publish.current(home)


def test_no_version_looks_like_the_number_of_a_card(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "digest", lambda _: "083854021f" + "0" * 54)
    assert publish.publish(Home(tmp_path), DAY, {}) == "2026-11-01-3854021f"
