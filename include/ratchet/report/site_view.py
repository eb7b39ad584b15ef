"""The documentation as data: pages of sections, without a word on how they look.

Their parts are those of the report (`view.py`), and code. Pages are made in `site_pages.py` and drawn by `site.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ratchet.report.logtext import Text
from ratchet.report.view import Definition, Section


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of code, or of data, exactly as they are written; cleaned by `logtext.code_line`."""

    kind: str = field(default="code", init=False)
    caption: Text
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        name: of its files, without an ending; letters, digits and `_` of ours.
        title: what it is about.
        lead: one or two sentences below it.
        freshness: from which data it was made, and how much of it.
        group: pages of one group stand together in the list of pages.
        sections: its content.
        definitions: of the terms it names.
        is_listed: whether every page links it; those of modules are linked from the reference.
    """

    name: str
    title: Text
    lead: Text
    freshness: Text
    group: str
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()
    is_listed: bool = True
