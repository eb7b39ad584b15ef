"""Where a table's database lies: an SQLAlchemy URL, or an Airflow connection by its id.

No password stands in a source's settings, and none is ever shown: what is said of a database is its kind, host and
name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ratchet.errors import SourceError
from ratchet.log.tables.settings import Connections, expanded

_DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "mssql": "mssql+pyodbc"}
_ENCRYPTION = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_ID = re.compile(r"[\w#().:/\\-]{1,250}")  # what Airflow takes as the id of a connection
_PLAIN_PASSWORD = re.compile(r"://[^/@]*:(?!\$\{)[^/@]+@")


def database_url(setting: str, connections: Connections, where: str) -> URL:
    """Return where the database lies.

    Args:
        setting: an SQLAlchemy URL, or the id of an Airflow connection.
        connections: gives a connection as JSON or URI, as Airflow writes them, by its id; what cannot be an id, and
            may hold a password, is not asked for.
        where: the source, for errors.

    Raises:
        SourceError: if the URL cannot be read, holds a password as plain text, or there is no such connection.
    """
    if "://" in setting:
        if _PLAIN_PASSWORD.search(setting):
            way_out = "write ${VARIABLE} in its place, or name an Airflow connection"
            raise SourceError("a password stands in the settings of the source", where=where, way_out=way_out)
        return _parsed(expanded(setting, where), where)
    name = expanded(setting, where)
    found = name if "://" in name else connections(name) if _ID.fullmatch(name) else name
    if not found:
        way_out = f"add it in Airflow, or export AIRFLOW_CONN_{name.upper()}=postgresql://…"
        raise SourceError(f"there is no Airflow connection {name!r}", where=where, way_out=way_out)
    return _parsed(found, where)


def shown(url: URL) -> str:
    """Return what may be said of a database: no user, no password, no options."""
    place = f"{url.host}{f':{url.port}' if url.port else ''}/" if url.host else ""
    return f"{url.get_backend_name()} {place}{url.database or ''}"


def _parsed(text: str, where: str) -> URL:
    with suppress(ArgumentError, ValueError, TypeError, KeyError, AttributeError):  # they may repeat the password
        url = _from_json(json.loads(text)) if text.lstrip().startswith("{") else make_url(_renamed(text))
        if url.password is None or "@" not in f"{url.host}{url.database}":  # a piece of the password, not of the host
            return url.difference_update_query(["__extra__"])
    way_out = "postgresql://USER:PASSWORD@HOST:5432/DATABASE; @, : and / within a password are written %40, %3A, %2F"
    raise SourceError("the connection cannot be read as a URL", where=where, way_out=way_out)


def _renamed(text: str) -> str:
    scheme, rest = text.split("://", 1)  # a ValueError where there is none
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


def _from_json(fields: Mapping[str, Any]) -> URL:
    kind = str(fields["conn_type"])
    port = fields.get("port")
    if kind == "sqlite":
        return URL.create(kind, database=fields.get("host") or fields.get("schema"))
    return URL.create(
        _DRIVERS.get(kind, kind),
        username=fields.get("login"),
        password=fields.get("password"),
        host=fields.get("host"),
        port=int(port) if port else None,
        database=fields.get("schema"),
        query=_encryption(fields.get("extra")),
    )


def _encryption(extra: Any) -> dict[str, str]:
    """Return what a connection says of how it is encrypted; its other extras are Airflow's own."""
    found = json.loads(extra) if isinstance(extra, str) and extra.strip() else extra
    return {name: str(found[name]) for name in _ENCRYPTION if name in found} if isinstance(found, Mapping) else {}
