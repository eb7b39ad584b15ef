"""The report as one self-contained HTML page: no script, no network, nothing that is not escaped.

What the page says belongs to the view, its look to `templates/report.css`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ratchet.report import charts, impact_charts, numbers, replay_charts, trial_charts
from ratchet.report.logtext import LIMIT, Logged, Text, shortened
from ratchet.report.numbers import Unit
from ratchet.report.site_view import Page
from ratchet.report.view import STANDING_WORDS, Change, Tone, View

ARROWS = {"up": "\N{BLACK UP-POINTING TRIANGLE}", "down": "\N{BLACK DOWN-POINTING TRIANGLE}"}


TITLE = 160  # characters of a name that is shown when somebody points at it


def render_html(view: View) -> str:
    """Return the page; the same view always gives the same bytes."""
    defined = {d.id for d in view.definitions}
    return environment().get_template("report.html.j2").render(view=view, css=css(), defined=defined)


def render_page(page: Page, every: Sequence[Page], day: str) -> str:
    """Return one page of the documentation, with the list of all of them."""
    groups = [(group, list(members)) for group, members in groupby(_listed(every), key=lambda p: p.group)]
    defined = {d.id for d in page.definitions}
    template = environment().get_template("page.html.j2")
    return template.render(page=page, groups=groups, css=css(), defined=defined, day=day)


def _listed(every: Sequence[Page]) -> list[Page]:
    return [page for page in every if page.is_listed]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the filters and functions of every page; the pages of the shelf are drawn with them too."""
    environment = Environment(
        loader=PackageLoader("ratchet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"say": say, "number": numbers.number, "day": numbers.day, "moment": numbers.moment}
    environment.globals |= {
        "charts": charts,
        "replay_charts": replay_charts,
        "trial_charts": trial_charts,
        "impact_charts": impact_charts,
        "numbers": numbers,
        "arrow": arrow,
        "standing_words": STANDING_WORDS,
        "Unit": Unit,
    }
    return environment


@lru_cache(maxsize=1)
def css() -> Markup:
    """Return the one style sheet of all pages."""
    return Markup(files("ratchet.report").joinpath("templates/report.css").read_text("utf-8"))  # noqa: S704 - our own file


def say(value: Any) -> Markup:
    """Return a text as HTML: parts from a log are isolated, and shortened with the rest in their title."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return Markup("").join(_part(p) for p in parts)


def _part(part: Any) -> Markup:
    if not isinstance(part, Logged):
        return escape(part)
    shown = shortened(part, part.shown)
    if shown == part:
        return Markup("<bdi>{}</bdi>").format(shown)
    return Markup('<bdi title="{}">{}</bdi>').format(_title(str(part)), shown)


def _title(part: str) -> str:
    """Return a long name for those who point at it; how long it is in all stays at its end."""
    return part if len(part) <= TITLE else f"{shortened(part, TITLE)}{part[LIMIT + 1 :]}"


def arrow(change: Change) -> str:
    """Return the sign of a change's direction, nothing where nothing is known to have moved."""
    if change.value is None or change.tone is Tone.MUTED or change.value == 0:
        return ""
    return ARROWS["up" if change.value > 0 else "down"]
