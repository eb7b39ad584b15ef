"""A night in a few hundred bytes: what pages over many nights and messages to people read of it.

It is taken from the night's own artifacts, so that a night of an older version has one too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.report.results import rows, total

SHOWN = 3
MOST_SERVICES = 12


def summary(report: Mapping[str, Any], health: Mapping[str, Any], fixes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of `summary.json`.

    Args:
        report: `report.json`; parts that an older version lacks are left empty.
        health: `health.json`, empty where there is none.
        fixes: `fixes.json`, empty where there is none.
    """
    lists = {str(part.get("title")): part for part in rows(report, "lists")}
    return {
        "artifact": "summary",
        "as_of": str(report.get("day")),
        "status": str(report.get("status") or "unknown"),
        "label": str(report.get("status_label") or "Not known"),
        "reason": str(report.get("status_reason") or ""),
        "headline": str(report.get("headline") or ""),
        "figures": [_figure(figure) for figure in rows(report, "figures")],
        "needs": _listing(lists.get("What needs you", {})),
        "failed": _listing(lists.get("What failed or warned", {})),
        "services": [_service(service) for service in rows(health, "services")[:MOST_SERVICES]],
        "fixes": [
            {"fix_id": str(fix.get("fix_id")), "title": str(fix.get("title")), "holds": fix.get("holds") is True}
            for fix in rows(fixes, "fixes")
        ],
    }


def _figure(figure: Mapping[str, Any]) -> dict[str, Any]:
    change = figure.get("change") or {}
    return {name: str(figure.get(name) or "") for name in ("metric", "label", "unit", "counted")} | {
        "estimate": figure.get("estimate"),
        "change": {name: change.get(name) for name in ("value", "verdict", "tone", "low", "high")},
    }


def _listing(listing: Mapping[str, Any]) -> dict[str, Any]:
    items = [{name: item.get(name) for name in ("text", "tone", "target")} for item in rows(listing, "items")[:SHOWN]]
    return {"items": items, "total": total(listing, "total")}


def _service(service: Mapping[str, Any]) -> dict[str, Any]:
    judged = {str(judgement.get("objective")): judgement for judgement in rows(service, "objectives")}
    return {
        "service": str(service.get("service")),
        "status": str(service.get("status") or "unknown"),
        "success": (judged.get("success_rate") or {}).get("value"),
    }
