import gzip
import json
from datetime import date, timedelta

import pytest
from tests.unit.log.conftest import DAY, event, lines

from ratchet import files
from ratchet.deploy import decisions
from ratchet.deploy.decisions import Decision, Kind
from ratchet.erased import Ledger
from ratchet.log import erasure
from ratchet.log.lines import pa

UNIT = "ann-7"
NEXT = DAY + timedelta(days=1)


def interaction(number, **fields):
    return event(number, "interaction", **fields)


MINE = [
    interaction("own", user_id=UNIT, session_id="s1", trace_id="t1"),
    interaction("in my session", session_id="s1"),
    interaction("in my trace", trace_id="t1"),
    interaction("a step of mine", parent_id="eown"),
    event("flag", "flag_evaluation", flag_key="f", variant="a", unit_id=UNIT),
    event("nested", "api_call", api="a", method="GET", path="/", params={"for": [UNIT]}),
]
OTHERS = [
    interaction("theirs", user_id="bob", session_id="s1"),
    interaction("longer id", user_id="ann-77"),
    interaction("only words", user_id="bob", request_text=f"tell {UNIT} about it"),
    event("beat"),
]
ABOUT = [event("late thumb", "feedback", interaction_id="eown", kind="thumb", thumb="up")]
ABOUT_OTHERS = [event("their thumb", "feedback", interaction_id="etheirs", kind="thumb", thumb="up", user_id="bob")]


@pytest.fixture
def landed(zone):
    refused = {"event_id": "x", "event_type": "nonsense", "user_id": UNIT}
    zone.put("a.jsonl", lines(*MINE, *OTHERS, refused))
    zone.put("b.jsonl", lines(*ABOUT, *ABOUT_OTHERS), NEXT)
    zone.load()
    return zone


def erase(zone, on=date(2026, 12, 1)):
    found = erasure.find(zone.home, UNIT, Ledger.of(zone.home))
    ledger = Ledger.of(zone.home).begun(UNIT, on, found.days, found.event_ids)
    ledger.write(zone.home)
    return erasure.remove(zone.home, UNIT, ledger)


def ids(zone):
    return {row[0] for row in zone.kept()}


def named(*events):
    return {e["event_id"] for group in events for e in group}


def test_a_unit_is_what_names_it_and_what_belongs_to_its_sessions_traces_and_interactions(landed):
    found = erasure.find(landed.home, UNIT, Ledger())
    assert found.streams == {"api_call": 1, "feedback": 1, "flag_evaluation": 1, "interaction": 4}
    assert found.days == {DAY: len(MINE) + 1, NEXT: 1}
    assert found.refused == 1
    assert found.lines == {
        ("native", f"dt={DAY}/a.jsonl"): frozenset({1, 2, 3, 4, 5, 6, 11}),
        ("native", f"dt={NEXT}/b.jsonl"): frozenset({1}),
    }


def test_its_events_and_refused_lines_go_and_nobody_elses(landed):
    erase(landed)
    assert ids(landed) == named(OTHERS, ABOUT_OTHERS)
    assert not list(landed.home.quarantine.glob("landed=*.parquet"))
    kept = b"".join(path.read_bytes() for path in landed.home.bronze.rglob("*.json"))
    assert UNIT.encode() not in kept


def test_the_load_report_says_so_and_its_totals_still_add_up(landed):
    before = files.read_json(landed.home.loads / f"{DAY}.json")
    erase(landed)
    after = files.read_json(landed.home.loads / f"{DAY}.json")
    assert after["erased"] == len(MINE) + 1
    assert after["input_hash"] != before["input_hash"]
    for counts in (after["totals"], *after["files"]):
        assert counts["lines"] == sum(counts[name] for name in ("loaded", "duplicates", "quarantined", "blank"))
    assert after["totals"]["loaded"] == len(OTHERS) == sum(row["loaded"] for row in after["streams"])


def test_what_landed_elsewhere_is_not_brought_in_again_but_what_lands_later_is_new(landed):
    erase(landed)
    assert [r["landed_date"] for r in landed.load()] == [f"{DAY}", f"{NEXT}"]
    assert ids(landed) == named(OTHERS, ABOUT_OTHERS)
    assert files.read_json(landed.home.loads / f"{DAY}.json")["erased"] == len(MINE) + 1
    landed.put("late.jsonl", lines(interaction("never seen", user_id=UNIT), interaction("bobs", user_id="bob")))
    landed.load()
    assert ids(landed) == named(OTHERS, ABOUT_OTHERS) | {"ebobs"}
    landed.put("c.jsonl", lines(interaction("again", user_id=UNIT)), date(2026, 12, 5))
    landed.load(upto=date(2026, 12, 5), today=date(2026, 12, 6))
    assert "eagain" in ids(landed)


def test_bringing_a_day_in_again_changes_nothing_more(landed):
    erase(landed)
    landed.load()
    before = landed.content()
    assert landed.load() == []
    assert landed.content() == before


def test_a_killed_erasure_is_gone_on_with(landed, monkeypatch):
    real, done = erasure.commit, []

    def once(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "commit", once)
        with pytest.raises(KeyboardInterrupt):
            erase(landed)
    assert "elate thumb" in ids(landed), "the first day is done; what is left names nobody"
    assert erasure.find(landed.home, UNIT, Ledger()).days == {}
    erase(landed)
    assert ids(landed) == named(OTHERS, ABOUT_OTHERS)
    assert [Ledger.of(landed.home).events(day) for day in (DAY, NEXT)] == [len(MINE) + 1, 1]
    assert len(Ledger.of(landed.home).erasures) == 1


def test_the_record_knows_the_unit_again_and_does_not_name_it(landed):
    erase(landed)
    text = (landed.home.root / "erasures.json").read_text()
    assert UNIT not in text
    assert (landed.home.root / "erasures.json").stat().st_mode & 0o077 == 0
    ledger = Ledger.of(landed.home)
    assert ledger.find(UNIT).days == {f"{DAY}": len(MINE) + 1, f"{NEXT}": 1}
    assert ledger.find("bob") is None
    assert Ledger(key="another").hash_of(UNIT) != ledger.hash_of(UNIT)
    assert ledger.finished(UNIT).find(UNIT).done


def packed(suffix, content):
    return {".gz": gzip.compress, ".zst": lambda c: pa.Codec("zstd").compress(c, asbytes=True)}.get(suffix, bytes)(
        content
    )


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_landed_lines_are_emptied_and_others_keep_their_number_bytes_and_time(tmp_path, suffix):
    path = tmp_path / f"a.jsonl{suffix}"
    content = lines('{"user_id": "ann-7"}', '{"user_id":  "bob"}', b"\xff not utf-8", "mine without a name")
    path.write_bytes(packed(suffix, content))
    was = path.stat().st_mtime_ns
    assert erasure.blank_lines(path, frozenset({4}), UNIT) == 2
    left = erasure._unpacked(path, path.read_bytes())
    assert left == b'\n{"user_id":  "bob"}\n\xff not utf-8\n\n'
    assert path.stat().st_mtime_ns == was
    assert erasure.blank_lines(path, frozenset({4}), UNIT) == 0


@pytest.mark.parametrize("unit", ["a.b", "(", "a+b", "ünï", "it's", 'say "x"'])
def test_an_id_is_taken_literally(zone, unit):
    zone.put("a.jsonl", lines(interaction(1, user_id=unit), interaction(2, user_id="axb"), {"user_id": unit}))
    zone.load()
    found = erasure.find(zone.home, unit, Ledger())
    assert found.events == 1
    ledger = Ledger().begun(unit, DAY, found.days)
    erasure.remove(zone.home, unit, ledger)
    assert ids(zone) == {"e2"}


def test_recorded_decisions_forget_the_word_and_can_still_be_read(tmp_path):
    facts = {"title": f"Ask {UNIT}", "evidence": [{"sample": UNIT}, "ann-77"], "type": "x"}
    made = Decision("abc", 1, Kind.PROPOSED, DAY, "night", f"because of {UNIT}", facts)
    other = Decision("def", 1, Kind.PROPOSED, DAY, "night", "ann-77", {})
    decisions.append(tmp_path, [made, other])
    assert decisions.erase(tmp_path, erasure.word(UNIT)) == 1
    assert UNIT not in (tmp_path / f"{DAY}.jsonl").read_text().replace("ann-77", "")
    found = decisions.read(tmp_path, DAY)
    assert [d.improvement_id for d in found] == ["abc", "def"]
    assert found[0].facts["evidence"] == [{"sample": decisions.ERASED}, "ann-77"]
    assert json.loads(json.dumps(found[1].reason)) == "ann-77"


def test_files_that_still_name_it_are_found(tmp_path):
    (tmp_path / "a.html").write_text(f"<p>{UNIT}</p>")
    (tmp_path / "b.html").write_text("<p>ann-77</p>")
    assert list(erasure.naming(tmp_path, UNIT)) == [tmp_path / "a.html"]
