"""Fixes in the record: what was validated is what is deployed, and what is in force is what is published."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ratchet import files
from ratchet.client import Client
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.deploy import fixes, publish
from ratchet.deploy.decisions import Decision, Kind, append, fold, read
from ratchet.deploy.deployments import Policy, as_recorded, deployments, fixes_in_force, in_version
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.errors import StorageError
from ratchet.home import Home
from ratchet.report.question import question

DAY = date(2026, 11, 1)
FREE = Policy(auto_implement_threshold=0.7, safety_mode=False, max_deployed_per_cycle=5, max_concurrent_improvements=5)
SAFE = replace(FREE, safety_mode=True)
SOURCE = (
    'FIX_ID = "{}"\ndef apply(call, params, acted):\n    acted()\n    return "{}"\nasync def apply_async(*_): ...\n'
)


def later(days):
    return DAY + timedelta(days=days)


def fix(target="f00", family="retry", word="saved", **changed):
    name = Improvement.id_of(ImprovementType.ERROR_FIX, target, family)
    source = SOURCE.format(name, word)
    publishes = {"fix_id": name, "revision": 1, "fingerprint": target, "family": family, "operation": "search"}
    publishes |= {
        "layer": 1,
        "sha256": hashlib.sha256(source.encode()).hexdigest(),
        "source": source,
        "test": "T = 1\n",
        "title": f"Repeat {target}",
        "why": "it fails",
        "parameters": {},
        "evidence": {},
    }
    made = Improvement(
        type=ImprovementType.ERROR_FIX,
        target=target,
        key=family,
        title=f"Repeat {target}",
        why="it fails for a moment only",
        evidence={"publishes": publishes, "saved": {"value": 1.0, "n": 20, "low": 0.83, "high": 1.0}},
        priority=Priority.MEDIUM,
        confidence=0.8,
        expected_effect="",
        proposed_on=DAY,
        state=State.VALIDATED,
    )
    return replace(made, **changed)


def held_back(made, why="tonight it breaks 1 of 30 past successes"):
    return replace(made, evidence=made.evidence | {"held_back": why})


def night(folder, days, *found, policy=FREE, publishing=True):
    """Run the decisions and the publication of a live night."""
    day = later(days)
    settled = settle(open_night(folder, day, 30), [replace(i, proposed_on=day) for i in found], [], policy)
    append(folder, settled.decisions)
    if publishing:
        made = deployments(settled.improvements, fold(read(folder, day), day), policy, day)
        append(folder, in_version(as_recorded(made, read(folder, date.max)), f"v{days}"))
    return settled


def said(folder, made, kind, days, reason="", revision=1):
    append(folder, [Decision(made.improvement_id, revision, kind, later(days), "Ann", reason)])


def words(folder, days):
    force = fixes.in_force(read(folder, date.max), later(days))
    return [f.facts["source"].split('return "')[1].split('"')[0] for f in force]


def state(folder, made, days):
    return fold(read(folder, later(days)), later(days))[made.improvement_id].state


def test_a_deployed_fix_is_in_force_from_the_day_after_with_its_version(tmp_path):
    made = fix()
    night(tmp_path, 0, made)
    assert (words(tmp_path, 0), words(tmp_path, 1)) == ([], ["saved"])
    (found,) = fixes.in_force(read(tmp_path, date.max), later(1))
    assert found.facts["published_version"] == "v0"
    assert fixes_in_force(read(tmp_path, date.max), later(1)) == {"f00": later(1)}
    standing = fold(read(tmp_path, later(1)), later(1))[made.improvement_id]
    assert standing.published_version == "v0"
    assert night(tmp_path, 1, made).improvements[0].published_version == "v0"


def test_what_was_validated_is_deployed_whatever_is_generated_later(tmp_path):
    night(tmp_path, 0, fix(word="approved"), policy=SAFE)
    tonight = fixes.frozen(fold(read(tmp_path, DAY), DAY), DAY, 30)
    assert tonight == {}  # the night itself makes it anew when it is run again
    frozen = fixes.frozen(fold(read(tmp_path, DAY), later(1)), later(1), 30)
    assert "approved" in frozen[fix().improvement_id].source
    said(tmp_path, fix(), Kind.APPROVED, 1)
    night(tmp_path, 1, fix(word="another"), policy=SAFE)
    assert words(tmp_path, 2) == ["approved"]


def test_while_it_is_only_proposed_it_is_made_anew(tmp_path):
    night(tmp_path, 0, fix(word="first", state=State.PROPOSED, confidence=0.1))
    assert fixes.frozen(fold(read(tmp_path, DAY), later(1)), later(1), 30) == {}
    night(tmp_path, 1, fix(word="second"))
    assert words(tmp_path, 2) == ["second"]


def test_one_that_was_undone_is_gone_and_one_that_was_kept_or_not_measured_stays(tmp_path):
    one, two, three = fix("f1", word="one"), fix("f2", word="two"), fix("f3", word="three")
    night(tmp_path, 0, one, two, three)
    for made, kind in ((one, Kind.ROLLED_BACK), (two, Kind.KEPT), (three, Kind.UNMEASURABLE)):
        said(tmp_path, made, kind, 5)
    assert sorted(words(tmp_path, 4)) == ["one", "three", "two"]
    assert sorted(words(tmp_path, 5)) == ["three", "two"]


def test_a_new_revision_replaces_the_old_one_when_it_is_deployed(tmp_path):
    night(tmp_path, 0, fix(word="old"))
    said(tmp_path, fix(), Kind.KEPT, 5)
    night(tmp_path, 6)
    night(tmp_path, 50, fix(word="new"), policy=SAFE)
    assert state(tmp_path, fix(), 50) is State.VALIDATED
    assert words(tmp_path, 51) == ["old"]
    said(tmp_path, fix(), Kind.APPROVED, 51, revision=2)
    night(tmp_path, 51, fix(word="new"), policy=SAFE)
    assert words(tmp_path, 52) == ["new"]
    assert fixes.index(fixes.in_force(read(tmp_path, date.max), later(52)))["fixes"][0]["revision"] == 2


@pytest.mark.parametrize("approved", [False, True])
def test_one_whose_replay_fails_tonight_is_held_back_and_says_why(tmp_path, approved):
    night(tmp_path, 0, fix(), policy=SAFE)
    if approved:
        said(tmp_path, fix(), Kind.APPROVED, 1, "we need it")
    settled = night(tmp_path, 1, held_back(fix()))
    assert state(tmp_path, fix(), 2) is (State.APPROVED if approved else State.VALIDATED)
    assert words(tmp_path, 2) == []
    assert "held back: tonight it breaks 1 of 30 past successes" in settled.improvements[0].state_reason
    night(tmp_path, 2, fix())
    assert words(tmp_path, 3) == ["saved"]


@pytest.mark.parametrize(
    ("policy", "deployed"),
    [
        (FREE, 3),
        (SAFE, 0),
        (replace(FREE, auto_implement_threshold=0.81), 0),
        (replace(FREE, max_deployed_per_cycle=2), 2),
        (replace(FREE, max_concurrent_improvements=1), 1),
    ],
)
def test_without_a_person_only_what_is_sure_goes_within_the_limits(tmp_path, policy, deployed):
    night(tmp_path, 0, *(fix(f"f{n}") for n in range(3)), policy=policy)
    assert len(words(tmp_path, 1)) == deployed


def test_of_two_fixes_of_an_error_one_goes_and_the_other_is_superseded(tmp_path):
    first, second = fix(family="retry", word="retry"), fix(family="timeout", word="timeout")
    night(tmp_path, 0, first, second)
    assert words(tmp_path, 1) == ["retry"]
    night(tmp_path, 1, first, second)
    night(tmp_path, 2, first, second)
    standing = fold(read(tmp_path, later(2)), later(2))[second.improvement_id]
    assert standing.state is State.SUPERSEDED
    assert first.improvement_id in standing.reason
    assert words(tmp_path, 3) == ["retry"]


def test_what_waits_without_its_error_expires(tmp_path):
    night(tmp_path, 0, fix(), policy=SAFE)
    night(tmp_path, 1, policy=SAFE)
    night(tmp_path, 32, policy=SAFE)
    assert state(tmp_path, fix(), 32) is State.EXPIRED


def published(home, folder, days):
    force = fixes.in_force(read(folder, date.max), later(days))
    return publish.publish(home, later(days), {fixes.INDEX_FILE: fixes.index(force)}, fixes.texts(force))


def test_what_is_published_is_what_the_client_uses_until_it_is_undone(tmp_path):
    home = Home(tmp_path)
    night(home.decisions, 0, fix())
    published(home, home.decisions, 1)
    (entry,) = files.read_json(home.published / "fixes" / "index.json")["fixes"]
    assert sorted(entry) == sorted(
        ["fix_id", "revision", "fingerprint", "family", "operation", "layer", "path", "sha256"]
    )
    content = (home.published / "fixes" / entry["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert (home.published / "fixes" / entry["fix_id"] / "test_fix.py").read_text() == "T = 1\n"
    client = Client(tmp_path, check_every_s=0)
    assert client.fixes.apply("search", lambda params: "plain", {}) == "saved"
    said(home.decisions, fix(), Kind.ROLLED_BACK, 5)
    published(home, home.decisions, 5)
    assert client.fixes.apply("search", lambda params: "plain", {}) == "plain"
    assert not list((home.published / "fixes").glob("*/fix.py"))


def test_a_publication_that_was_killed_heals_and_is_recorded_once(tmp_path, monkeypatch):
    home = Home(tmp_path)
    night(home.decisions, 0, fix(), publishing=False)
    found = [fix(proposed_on=DAY)]
    made = deployments(found, fold(read(home.decisions, DAY), DAY), FREE, DAY)
    force = fixes.in_force([*read(home.decisions, date.max), *made], later(1))
    real, wrote = files.write_text, []

    def killed(path, text):
        wrote.append(path.name)
        if path.name == "test_fix.py" and wrote.count("test_fix.py") == 1:
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(files, "write_text", killed)
    contents = {fixes.INDEX_FILE: fixes.index(force)}
    with pytest.raises(KeyboardInterrupt):
        publish.publish(home, DAY, contents, fixes.texts(force))
    assert publish.current(home) is None
    version = publish.publish(home, DAY, contents, fixes.texts(force))
    assert Client(tmp_path).fixes.apply("search", lambda params: "plain", {}) == "saved"
    assert append(home.decisions, in_version(as_recorded(made, read(home.decisions, date.max)), version)) == 1
    assert append(home.decisions, in_version(as_recorded(made, read(home.decisions, date.max)), "other")) == 0


def test_a_target_that_cannot_be_written_is_one_line_and_the_old_version_stays(tmp_path):
    home = Home(tmp_path)
    published(home, home.decisions, 1)
    before = publish.current(home)
    night(home.decisions, 0, fix())
    blocked = home.root / "versions"
    blocked.rename(home.root / "elsewhere")
    blocked.write_text("a file where the folder must be")
    with pytest.raises(StorageError) as error:
        published(home, home.decisions, 2)
    assert "\n" not in str(error.value)
    blocked.unlink()
    (home.root / "elsewhere").rename(blocked)
    assert publish.current(home) == before


def asked(folder, days, made):
    recorded = read(folder, later(days))
    standing = fold(recorded, later(days))[made.improvement_id]
    record = fixes.asked(standing, fixes.in_force(recorded, later(days)))
    return question(record, standing.revision, standing.proposed_on)


def test_people_are_asked_about_what_was_validated_with_its_diff(tmp_path):
    night(tmp_path, 0, fix(word="first", state=State.PROPOSED, confidence=0.1), policy=SAFE)
    night(tmp_path, 1, fix(word="second", title="Repeat it twice"), policy=SAFE)
    body = asked(tmp_path, 1, fix()).body
    assert '+    return "second"' in body
    assert "first" not in body
    assert f"+++ fixes/{fix().improvement_id}/fix.py" in body
    assert "--- /dev/null" in body
    assert "confidence 80.0%" in body
    assert "Logged failures saved: 100.0%" in body
    assert f"ratchet approve {fix().improvement_id}" in body


def test_a_new_revision_is_shown_against_the_one_in_force(tmp_path):
    night(tmp_path, 0, fix(word="old"))
    said(tmp_path, fix(), Kind.KEPT, 5)
    night(tmp_path, 6)
    night(tmp_path, 50, fix(word="new"), policy=SAFE)
    body = asked(tmp_path, 50, fix()).body
    assert '-    return "old"\n+    return "new"' in body
    assert "/dev/null" not in body


def test_a_source_cannot_break_out_of_its_question(tmp_path):
    hostile = "\n".join(["`" * 5, "# head", "<script>alert(1)</script>", "[x](javascript:alert(1))", "\u202e\x1b[31m"])
    made = fix(word=hostile)
    night(tmp_path, 0, made, policy=SAFE)
    body = asked(tmp_path, 0, made).body
    fence = "`" * 6
    _, inside, _after = body.split(fence)
    assert "<script>" in inside
    assert "<script>" not in body.replace(inside, "")
    assert not {"\u202e", "\x1b"} & set(body)
