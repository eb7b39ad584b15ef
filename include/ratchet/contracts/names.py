"""Names that came from a log, made fit to be an id, a title or a cell; escaping belongs to whoever renders them."""

from __future__ import annotations

import hashlib
import re

LONGEST = 300
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


def bounded(name: str) -> str:
    """Return a name as it is, or its beginning and its hash where it is longer than `LONGEST`: two never become one."""
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 14]}… {hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"


def in_words(name: str, longest: int = 80) -> str:
    """Return a name on one line, without control characters, shortened for a sentence."""
    line = _INVISIBLE.sub(" ", name).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
