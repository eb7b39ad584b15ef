"""What people should hear of a live night, each thing once, all in one message: roll backs, verdicts, a failed night.

What the message says besides belongs to `digest.py`. Airflow says where to (a connection, see docs/runbook.md) and
when: the last task of `dags/nightly_improvement.py` calls `send_pending`. What was sent is remembered in
`<home>/notices/`, so that a night that is run again says nothing twice.
"""

from __future__ import annotations

import html
import json
import smtplib
import unicodedata
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from ratchet import digest, files, steps
from ratchet.errors import RatchetError
from ratchet.night import Night

LONGEST = 1500  # characters of a notice
TIMEOUT_S = 10.0


class Connection(Protocol):
    """The fields of Airflow's connection that are read."""

    conn_type: str
    host: str | None
    port: int | None
    schema: str | None
    login: str | None
    password: str | None
    extra_dejson: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be said once; `key` is what it is about."""

    key: str
    title: str
    text: str = field(default="")
    lines: tuple[str, ...] = ()


def notices(night: Night, failure: str = "") -> list[Notice]:
    """Return what is to be said of a night; nothing of one that is not live, but for the last day if it failed.

    Args:
        night: after its last step.
        failure: why it failed, empty where it did not.
    """
    live, day = _is_live(night), night.day.isoformat()
    found = []
    if failure and (live or night.day == night.today - timedelta(days=1)):
        found.append(Notice(f"failed {day}", f"The night of {day} failed", failure))
    if live:
        found += [*_roll_backs(night.result("rollouts")), *_verdicts(night.result("experiments"))]
    return found


def send_pending(night: Night, connection: Connection, failure: str = "", site: str = "") -> list[str]:
    """Send the message of a night, and of what was not said before; return what it said.

    A live night sends one message however often it runs, and another only where something is new. What cannot be sent
    is tried again by the next run.

    Args:
        night: after its last step.
        connection: where to.
        failure: why it failed, empty where it did not.
        site: the address of Airflow, for links.

    Raises:
        RatchetError: if the receiver cannot be reached or refuses.
    """
    new = [notice for notice in notices(night, failure) if not _mark(night, notice).exists()]
    whole = _whole(night, new, site)
    if not new and (not _is_live(night) or _mark(night, whole).exists()):
        return []
    send(connection, whole)
    for notice in (*new, whole):
        told = {"key": notice.key, "title": notice.title, "day": night.day.isoformat()}
        files.write_json(_mark(night, notice), told)
    return [notice.title for notice in new] or [whole.title]


def _whole(night: Night, new: Iterable[Notice], site: str) -> Notice:
    title, lines = digest.compose(night, [_sentence(n) for n in new], site)
    return Notice(f"night {night.day}", title, lines=lines)


def _mark(night: Night, notice: Notice) -> Path:
    return night.home.notices / f"{files.digest(notice.key)[:16]}.json"


def _sentence(notice: Notice) -> str:
    return f"{notice.title}: {notice.text}" if notice.text else notice.title


def send(connection: Connection, notice: Notice) -> None:
    """Send a notice: by e-mail where the connection is of type smtp, else as JSON to a webhook such as Slack's.

    Raises:
        RatchetError: if the receiver cannot be reached or refuses.
    """
    deliver = _mail if connection.conn_type == "smtp" else _post
    try:
        lines = tuple(map(_plain, notice.lines))
        deliver(connection, Notice(notice.key, _plain(notice.title), _plain(notice.text), lines))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise RatchetError(
            f"a notice cannot be sent: {type(error).__name__}", way_out="look at the Airflow connection of `notify`"
        ) from None  # an error's own words may hold the address, which is a secret of some webhooks


def _is_live(night: Night) -> bool:
    try:
        return steps.is_live(night)
    except RatchetError:
        return False


def _roll_backs(result: Any) -> list[Notice]:
    return [
        Notice(
            f"roll back {r['rollout_id']} {r['attempt']} {r['phase']}", f"{r['rollout_id']} is rolled back", r["reason"]
        )
        for r in _rows(result, "rollouts")
        if r["verdict"] == "roll back"
    ]


def _verdicts(result: Any) -> list[Notice]:
    judged = {(e["id"], e["phase"]): e for e in _rows(result, "experiments")}
    told = (judged[n["id"], n["phase"]] for n in _rows(result, "news") if (n["id"], n["phase"]) in judged)
    return [
        Notice(f"verdict {e['id']} {e['phase']} {e['verdict']}", f"{e['id']}: {e['verdict']}", e["reason"])
        for e in told
    ]


def _rows(result: Any, name: str) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (result or {}).get(name) or []
    return found


def _plain(text: str) -> str:
    """Return one bounded line without control characters: reasons may hold words of a log."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text[:LONGEST])
    return " ".join(kept.split())


def _post(connection: Connection, notice: Notice) -> None:
    first = f"{notice.title}. {notice.text}" if notice.text else notice.title
    text = html.escape("\n".join([first, *notice.lines]), quote=False)  # < and & are markup in Slack
    body = json.dumps({"text": text}).encode()
    headers = {"Content-Type": "application/json"}
    if connection.conn_type != "slackwebhook" and connection.password:
        headers["Authorization"] = f"Bearer {connection.password}"
    request = urllib.request.Request(_url(connection), body, headers, method="POST")  # noqa: S310 -- http(s), see _url
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 -- http(s), see _url
        pass


def _url(connection: Connection) -> str:
    host = connection.host or ""
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    url += f":{connection.port}" if connection.port else ""
    if connection.conn_type == "slackwebhook":
        url = f"{url.rstrip('/')}/{connection.password or ''}"
    if not url.startswith(("http://", "https://")):
        raise ValueError("no address of http or https")
    return url


def _mail(connection: Connection, notice: Notice) -> None:
    message = EmailMessage()
    message["Subject"] = f"Ratchet: {notice.title}"[:200]
    message["From"] = str(connection.extra_dejson.get("from_email") or connection.login or "ratchet@localhost")
    message["To"] = str(connection.extra_dejson["to_email"]) if "to_email" in connection.extra_dejson else ""
    if not message["To"]:
        raise ValueError("the connection's extra names no to_email")
    message.set_content("\n".join([notice.title, "", *filter(None, [notice.text]), *notice.lines, ""]))
    with smtplib.SMTP(connection.host or "localhost", connection.port or 25, timeout=TIMEOUT_S) as server:
        if connection.password:
            server.starttls()
            server.login(connection.login or "", connection.password)
        server.send_message(message)
