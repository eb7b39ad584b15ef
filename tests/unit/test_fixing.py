"""The fixes of a night: what was validated stands as it is, and everything survives the way between two steps."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

from tests.unit.generate.test_error_fixes import FIX, NOTHING, PROOF

from ratchet import files, fixing
from ratchet.contracts.estimates import as_record
from ratchet.contracts.fixes import Declined, NoFix, Proof
from ratchet.generate import fixes as families

DAY = date(2026, 11, 20)


def made(monkeypatch, generated=(), declined=(), frozen=(), frequent=(FIX.fingerprint,)):
    result = families.FixesResult(tuple(generated), tuple(declined))
    monkeypatch.setattr(families, "generate_fixes", lambda *_: result)
    errors = SimpleNamespace(errors=[SimpleNamespace(fingerprint=f) for f in frequent])
    return fixing.make(errors, None, {fix.fix_id: fix for fix in frozen}, DAY)


def test_what_was_validated_stands_for_what_would_be_made_anew(monkeypatch):
    old, new = replace(FIX, source="OLD = 1\n"), FIX
    found = made(monkeypatch, [new], frozen=[old])
    assert (found.fixes, found.frozen) == ((old,), {FIX.fix_id})


def test_it_is_replayed_although_its_family_declines_tonight(monkeypatch):
    no = NoFix(FIX.fingerprint, Declined.NOT_FITTED, "too little was saved")
    other = NoFix("0" * 12, Declined.NO_FAMILY, "no family")
    found = made(monkeypatch, declined=[no, other], frozen=[FIX])
    assert (found.fixes, found.declined) == ((FIX,), (other,))


def test_it_rests_while_its_error_is_gone(monkeypatch):
    assert made(monkeypatch, frozen=[FIX], frequent=()).fixes == ()


def test_steps_read_what_the_step_before_has_written(monkeypatch):
    found = made(monkeypatch, [FIX], [NoFix("0" * 12, Declined.NO_FAMILY, "no family")])
    assert fixing.Made.from_record(files.plain(found.as_record())) == found
    for proof in (PROOF, replace(PROOF, saved=NOTHING)):
        read = Proof.from_record(files.plain(as_record(proof)))
        assert (read.holds, read.saved.n, read.saved.low, read.level) == (
            proof.holds,
            proof.saved.n,
            proof.saved.low,
            "bubblewrap",
        )


def test_the_artifact_keeps_to_its_schema_and_says_nothing_of_the_machine(monkeypatch, conforms):
    found = made(monkeypatch, [FIX], [NoFix("0" * 12, Declined.NO_FAMILY, "no family")])
    content = files.plain(fixing.artifact(found, [PROOF]))
    conforms("fixes", content)
    assert "bubblewrap" not in repr(content)
    texts = fixing.texts(found, [PROOF])
    assert texts[f"fixes/{FIX.fix_id}/fix.py"] == FIX.source
    assert sorted(name.rpartition("/")[2] for name in texts) == ["fix.json", "fix.py", "test_fix.py"]
