"""The documentation as a small static site: every page as HTML and as Markdown, no script, no network.

What the pages say belongs to `site_pages.py`, their look to `templates/report.css`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ratchet.report import html, markdown, numbers
from ratchet.report.logtext import logged
from ratchet.report.markdown_text import say
from ratchet.report.site_pages import pages
from ratchet.report.site_view import Page

DOCS = "docs"  # folder of the site among a night's artifacts


def site(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the site, name -> text; the same content always gives the same bytes.

    Args:
        result: the content of `capabilities.json`.
    """
    found = pages(result)
    day = numbers.day(result.get("as_of"))
    drawn = {f"{page.name}.html": html.render_page(page, found, day) for page in found}
    return drawn | {f"{page.name}.md": _markdown(page, found, day) for page in found}


def _markdown(page: Page, every: Iterable[Page], day: str) -> str:
    others = " · ".join(f"[{say(logged(p.title))}]({p.name}.md)" for p in every if p.is_listed and p.name != page.name)
    lines = [
        f"# {say(page.title)}",
        say(page.lead),
        f"*{say(page.freshness)}*",
        *(line for section in page.sections for line in markdown.section(section, level=2)),
        *(
            ["## Terms", "\n".join(f"- **{d.name}**: {d.meaning}" for d in page.definitions)]
            if page.definitions
            else []
        ),
        f"Pages: {others}",
        f"Made by Ratchet on the night of {day} from what had landed by then. Days are UTC.",
    ]
    return "\n\n".join(line for line in lines if line) + "\n"
