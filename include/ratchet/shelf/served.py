"""Which files of a home may be shown to people, and how a browser is told to treat them.

Only what lies below the folder of artifacts, of a known kind, and not hidden. Who may see it at all is for the caller.
"""

from __future__ import annotations

from pathlib import Path

from ratchet.home import Home

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".py": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_OURS = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_THEIRS = (  # pages of other tools need their own scripts: in a sandbox, as nobody, and without the network
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'self'; base-uri 'none'"
)
WITH_SCRIPTS = ("drift.html", "dbt.html")


def find(home: Home, path: str) -> Path | None:
    """Return the file of a path below the artifacts, None where there is none that may be shown.

    Args:
        home: whose artifacts are shown.
        path: as a browser asks for it; hostile.
    """
    root = (home.root / "artifacts").resolve()
    parts = path.split("/") if path else ["index.html"]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        found = root.joinpath(*filter(None, parts)).resolve()
        if found.is_dir() and (found / "index.html").is_file():
            return None if path and not path.endswith("/") else _within(root, found / "index.html")
        return _within(root, found) if found.suffix in TYPES and found.is_file() else None
    except (OSError, ValueError):  # a name that is too long, or no name
        return None


def _within(root: Path, found: Path) -> Path | None:
    resolved = found.resolve()
    return resolved if resolved.is_relative_to(root) else None


def headers(name: str) -> dict[str, str]:
    """Return what a browser is told about a file: nothing runs but what other tools need, and that in a sandbox."""
    return {
        "Content-Security-Policy": _THEIRS if name in WITH_SCRIPTS else _OURS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
    }
