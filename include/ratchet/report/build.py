"""A night's results -> the view: which chapters there are, in which order, and whether they can be relied on.

What a section says belongs to `sections/`, the first screen to `first_screen.py`. A part of the loop without content
has no chapter; a new one is a line in `_chapters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ratchet.report import first_screen
from ratchet.report.definitions import definitions
from ratchet.report.logtext import prose
from ratchet.report.results import Results, section
from ratchet.report.sections.agents import agents
from ratchet.report.sections.apis import apis
from ratchet.report.sections.documentation import documentation
from ratchet.report.sections.drift import drift
from ratchet.report.sections.errors import errors
from ratchet.report.sections.experiments import experiments
from ratchet.report.sections.feedback import feedback
from ratchet.report.sections.fixes import fixes
from ratchet.report.sections.gaps import gaps
from ratchet.report.sections.health import health
from ratchet.report.sections.impact import impact
from ratchet.report.sections.improvements import improvements
from ratchet.report.sections.kpis import kpis
from ratchet.report.sections.landing import landing
from ratchet.report.sections.ledger import learning, ledger
from ratchet.report.sections.patterns import patterns
from ratchet.report.sections.programme import programme
from ratchet.report.sections.quality import quality
from ratchet.report.sections.rollouts import rollouts
from ratchet.report.sections.services import services
from ratchet.report.sections.trends import trends
from ratchet.report.sections.tuning import tuning
from ratchet.report.sections.usage import usage
from ratchet.report.sections.workflows import workflows
from ratchet.report.view import Chapter, Section, View


def build(results: Mapping[str, Any], day: date) -> View:
    """Return the report of a night.

    Args:
        results: the step results as stored, by name, and `steps`: a list of {step, state, reason}.
        day: the night's day.
    """
    found = Results.of(results, day)
    status, label, reason = first_screen.status(found)
    figures, chapters = first_screen.figures(found), _chapters(found)
    return View(
        day=day,
        status=status,
        status_label=label,
        status_reason=reason,
        headline=first_screen.headline(found, status),
        figures=figures,
        lists=first_screen.lists(found),
        chapters=chapters,
        definitions=definitions(found, (figures, chapters)),
    )


def _chapters(found: Results) -> tuple[Chapter, ...]:
    def hurting(result: Mapping[str, Any]) -> list[Any]:
        return errors(result, found.get("fixes"), found.get("improvements"))

    def mended(result: Mapping[str, Any]) -> list[Any]:
        failures = found.found.get("target_failures") or ()
        return fixes(result, found.get("errors"), found.get("improvements"), failures)

    log = (
        section(found, "landing", "What landed", "ingest", "load", landing),
        quality(found),
        section(found, "drift", "Drift", "drift", "drift", drift),
    )
    analyze = (
        section(found, "health", "Health", "health", "health", health),
        *_by_service(found),
        section(found, "gaps", "Feature gaps", "gaps", "features", gaps),
        section(found, "errors", "Errors", "errors", "errors", hurting),
        section(found, "feedback", "Feedback", "feedback", "feedback", feedback),
        section(found, "usage", "Usage", "usage", "usage", usage),
        section(found, "trends", "Trends", "trends", "trends", trends),
        section(found, "agents", "Agents and models", "agents", "agents", agents),
        section(found, "patterns", "Patterns", "patterns", "patterns", patterns),
        section(found, "workflows", "Workflows", "patterns", "patterns", workflows),
        section(found, "tuning", "Adaptive settings", "tuning", "tuning", tuning),
    )

    def proposed(result: Mapping[str, Any]) -> list[Any]:
        return improvements(result, found.get("tasks"), found.day)

    generate = (
        section(found, "improvements", "Improvements", "improvements", "improvements", proposed),
        section(found, "apis", "Connected APIs", "apis", "apis", apis),
        section(found, "documentation", "Documentation", "documentation", "capabilities", documentation),
    )
    validate = (section(found, "fixes", "Fixes of errors", "proofs", "fixes", mended),)

    def staged(result: Mapping[str, Any]) -> list[Any]:
        return rollouts(result, found.get("experiments"))

    deploy = (
        section(found, "rollouts", "Rollouts", "rollouts", "rollouts", staged),
        section(found, "ledger", "What became of improvements", "impact", "impact", ledger),
    )
    measure = (
        section(found, "kpis", "Key figures", "kpis", "kpis", kpis),
        section(found, "experiments", "Experiments", "experiments", "experiments", experiments),
        section(found, "programme", "What experiments brought", "experiments", "experiments", programme),
        section(found, "impact", "What deployed fixes did", "impact", "impact", impact),
        section(found, "learning", "What learning brought", "impact", "impact", learning),
    )
    return (
        Chapter("log", "Log", "What came in, and can it be trusted?", log),
        _on_data(found, "analyze", "Analyze", "How is the application, and what do its users miss?", analyze),
        _on_data(found, "generate", "Generate", "What does the system propose?", generate),
        _on_data(found, "validate", "Validate", "Would it have helped?", validate),
        _on_data(found, "deploy", "Deploy", "What was put to work, and how far does it reach?", deploy),
        _on_data(found, "measure", "Measure", "Is it getting better?", measure),
    )


def _by_service(found: Results) -> tuple[Section, ...]:
    """Return the section on single services, none where the log names fewer than two."""
    drawn = section(found, "services", "Services", "health", "health", lambda h: services(h, found.get("usage")))
    return (drawn,) if drawn.blocks else ()


def _on_data(found: Results, name: str, title: str, question: str, sections: tuple[Section, ...]) -> Chapter:
    standing, reason = found.foundation()
    return Chapter(name, title, question, sections, standing, prose(reason))
