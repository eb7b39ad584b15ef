import gzip
from pathlib import Path

import pytest

from ratchet.analyze.api_specs import parse
from ratchet.errors import SpecError
from ratchet.generate.api_clients import client_files
from ratchet.validate import api_clients as checks

TESTS = Path(__file__).resolve().parents[2]
REAL = TESTS.parents[1] / "shared" / "data" / "openapi_specs"
SAMPLE = (
    "readmeio_3.1/parameters-style.json",
    "apis-guru-2017/bigoven.com__partner.swagger.yaml",
    "Adyen/TransferService-v1.json",
    "mermade_pass_fail/pass/fiendish/ref-encoding3.yaml",
    "mermade_pass_fail/malicious/rapid7-php.json",
)


def _content(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_clients_hold_and_what_is_wrong_is_named(tmp_path):
    """One run of mypy for all of it: the hostile specification, real ones, and clients broken in three ways."""
    sources = {"hostile": TESTS / "data" / "apis" / "hostile.yaml"}
    if REAL.exists():
        sources |= {f"real{n}": REAL / name for n, name in enumerate(SAMPLE)}
    files = {name: client_files(parse(_content(path)), name, checks.runtime_files()) for name, path in sources.items()}
    good = files["hostile"]
    broken = {
        "code": {"client.py": good["client.py"] + "\nimport os\n"},
        "kinds": {"client.py": good["client.py"].replace("-> str:", "-> int:")},
        "wire": {"client.py": good["client.py"].replace("'filter[name]'", "'filter[other]'")},
        "runtime": {"http.py": good["http.py"] + "\n"},
    }
    for name, changes in broken.items():
        assert all(good[file] != text for file, text in changes.items())
        files[name] = good | changes
    for name, texts in files.items():
        checks.write(tmp_path / name, texts)

    verdicts = checks.check_all([tmp_path / name for name in files])

    assert {name: verdicts[name].problems for name in sources} == dict.fromkeys(sources, ())
    assert verdicts["hostile"].tested == 5
    assert "holds a statement that no client has" in verdicts["code"].problems[0]
    assert (
        "Incompatible types" in verdicts["kinds"].problems[0] or "Incompatible return" in verdicts["kinds"].problems[0]
    )
    assert "filter[other]" in verdicts["wire"].problems[0]
    assert verdicts["runtime"].problems == ("http.py is not Ratchet's own",)
    assert 'class Client(BaseClient):\n    """' in (tmp_path / "hostile" / "client.py").read_text("utf-8")


def _outcome(path):
    try:
        parse(_content(path))
    except SpecError as error:
        return str(error)
    return ""


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data/openapi_specs")
def test_every_real_file_parses_or_is_refused_in_one_line():
    outcomes = {}
    for path in sorted(p for p in REAL.rglob("*") if p.is_file() and "LICENSE" not in p.name):
        outcomes[str(path.relative_to(REAL))] = _outcome(path)
    assert not [reason for reason in outcomes.values() if "\n" in reason]
    parsed = {name for name, reason in outcomes.items() if not reason}
    assert len(outcomes) == 95
    assert len(parsed) == 50
    tolerated = {
        "mermade_pass_fail/fail/OAI/api-with-examples.yaml",
        "mermade_pass_fail/fail/fuzz1/6b245d6c-716f-47bc-b347-c26ab9c92d0b.yaml",
    }
    assert {name for name in parsed if "/fail/" in name} == tolerated  # obsolete drafts that are valid today
