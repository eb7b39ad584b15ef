"""The glossary, the questions and the way in for contributors speak of what is really in the code."""

import re
from functools import cache
from pathlib import Path

import pytest

from ratchet.alerts import TITLES
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.contracts.streams import STREAMS
from ratchet.log.report import LoadReport
from ratchet.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PLACES = ("include", "dags", "plugins", "dbt_project", "Makefile", "tests/unit/test_architecture.py")
KINDS = {".py", ".sql", ".yml", ".yaml", ".json", ".j2", ""}


@cache
def code():
    """Return everything that is run, as one text in which the parts of long strings are joined."""
    found = []
    for place in PLACES:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in KINDS)
        found += [p.read_text("utf-8", errors="ignore") for p in files if "target" not in p.parts]
    return " ".join(re.sub(r'"\s*\n\s*f?"', "", "\n".join(found)).split())


def sections(text):
    """Return the terms of each section of the glossary."""
    parts = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    return [re.findall(r"^\| (?!term \||---)([^|]+?) \|", part, flags=re.MULTILINE) for part in parts]


GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
TERMS = {term.strip().lower() for part in sections(GLOSSARY) for whole in part for term in whole.split(", ")}
NAMES = sorted(set(re.findall(r"`([a-z_]{3,})`", GLOSSARY)))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_the_glossary_is_one_of_the_code(name):
    assert re.search(rf"\b{name}\b", code())


def test_no_section_of_the_glossary_explains_a_word_twice():
    for terms in sections(GLOSSARY):
        assert len(terms) == len(set(terms)), sorted(t for t in terms if terms.count(t) > 1)


@pytest.mark.parametrize(
    "word",
    [
        *(state.value.replace("_", " ") for state in State),
        *(kind.value.replace("_", " ") for kind in ImprovementType),
        *TITLES,
        *("interaction", "event", "stream", "erased", "snoozed", "assigned", "retention of events"),
    ],
)
def test_every_word_of_a_closed_set_is_explained(word):
    assert any(word in term for term in TERMS), f"{word} is in no row of docs/glossary.md"


def test_the_glossary_knows_what_the_contract_and_the_load_report_count():
    assert set(STREAMS) >= {"interaction", "feedback"}
    for name in LoadReport(
        landed_date=None, input_hash="", files=(), streams=(), reasons=(), unknown_fields=(),
        unknown_fields_left_out=0, redactions=(),
    ).totals:  # fmt: skip
        assert name in GLOSSARY


FAQ = (DOCS / "faq.md").read_text("utf-8")
MESSAGES = re.findall(r'^### "([^"]+)"$', FAQ, flags=re.MULTILINE)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_that_the_questions_quote_is_said_by_the_code(message):
    parts = [part.strip() for part in message.split("…") if part.strip()]
    assert parts
    for part in parts:
        assert part in code(), f"nothing says {part!r}"


def test_the_questions_are_many_and_each_has_an_answer():
    assert len(MESSAGES) >= 15
    answers = re.split(r"^###? .*$", FAQ, flags=re.MULTILINE)
    assert sum(len(answer.split()) > 8 for answer in answers) >= len(MESSAGES)


@pytest.mark.parametrize("page", ["docs/faq.md", "docs/runbook.md", "CONTRIBUTING.md", "docs/approvals.md"])
def test_links_lead_to_pages_and_headings_that_are_there(page):
    path = ROOT / page
    for target, heading in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", path.read_text("utf-8")):
        if target.startswith("http"):
            continue
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), target
        if heading and found.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
            assert heading in slugs, f"{target}#{heading}"


@pytest.mark.parametrize("page", ["docs/faq.md", "CONTRIBUTING.md"])
def test_settings_targets_and_files_that_are_named_exist(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"`?make (\w+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE), target
    for name in re.findall(r"`(\w+_\w+)`", text):
        assert name in Settings.model_fields or name in code(), name


def test_the_readme_leads_to_them():
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in ("docs/faq.md", "CONTRIBUTING.md", "docs/glossary.md", "docs/runbook.md"):
        assert f"]({page})" in readme
