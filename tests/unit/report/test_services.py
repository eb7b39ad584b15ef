"""One service at a time: what the page shows of each, and that choosing one needs neither script nor network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.report import fixtures
from tests.unit.report.finding_fixtures import usage, usage_row
from tests.unit.report.health_fixtures import health
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.report.html import css
from ratchet.report.sections import services
from ratchet.report.service_view import ByService
from ratchet.report.view import Section


def of(**changes: Any) -> Section | None:
    view = report.build(fixtures.night(**changes), DAY)
    return next((s for c in view.chapters for s in c.sections if s.id == "services"), None)


def chosen(section: Section | None) -> ByService:
    assert section is not None
    (found,) = [b for b in section.blocks if isinstance(b, ByService)]
    return found


def test_each_service_has_its_own_figures_objectives_and_alerts() -> None:
    asked = usage()
    asked["usage"].append(usage_row("root", "service", "batch", 700, 70, 0))
    asked["usage"].append(usage_row("root", "service", "chat", 4900, 510, 90))
    found = chosen(of(usage=asked))
    assert [(s.id, s.name, s.status.text) for s in found.services] == [
        ("service-1", "chat", "degraded"),
        ("service-2", "batch", "degraded"),
    ]
    assert [row["requests"] for row in found.overview.rows] == [4900, 700]
    chat, batch = ([b.kind for b in s.blocks] for s in found.services)
    assert chat == ["paragraph", "facts", "table", "table", "table"]  # objectives, alerts, incidents
    assert batch == ["paragraph", "facts", "table"]
    facts: Any = found.services[1].blocks[1]
    assert next((f.label, f.value, f.note) for f in facts.items) == ("Requests in 7 days", 700, "70 failed")


def test_one_service_alone_has_no_section_and_no_link() -> None:
    night = fixtures.night(health=health(names=("chat",)))
    assert of(health=health(names=("chat",))) is None
    assert "#services" not in report.render_html(report.build(night, DAY))
    assert 'href="#services"' in report.render_html(report.build(fixtures.night(), DAY))


@pytest.mark.parametrize("n", [2, 8, 40])
def test_of_many_services_the_first_can_be_chosen_and_all_are_counted(n: int) -> None:
    found = chosen(of(health=health(names=tuple(f"service {i}" for i in range(n)))))
    assert len(found.services) == min(n, services.CHOICES)
    assert found.total == n
    rules = re.findall(r"#service-(\d):checked\) > section\.panel:not\(:nth-of-type\((\d)\)\)", css())
    assert rules == [(str(k), str(k)) for k in range(1, services.CHOICES + 1)]


def test_the_text_has_every_service_too() -> None:
    text = report.render_markdown(report.build(fixtures.night(), DAY))
    assert "**Service chat**: degraded" in text
    assert "**Service batch**: degraded" in text
