"""One service at a time, as data: an overview of all of them, and what is known of each by itself.

What is said about a service belongs to `sections/services.py`, how one is chosen to the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ratchet.report.logtext import Text
from ratchet.report.view import Block, Label, Table


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `id` is its place on the page."""

    id: str
    name: Text
    status: Label
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ByService:
    """The services that a reader can choose from, beside the overview of all; `total` counts the others too."""

    kind: str = field(default="by_service", init=False)
    caption: str
    overview: Table
    services: tuple[Service, ...]
    total: int
