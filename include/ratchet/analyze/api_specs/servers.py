"""Where an API lives and how credentials travel to it, as its specification says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import SecurityScheme

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_KINDS = {"oauth2": "bearer", "openIdConnect": "bearer"}


def servers(holder: Mapping[str, Any]) -> list[str]:
    """Return the addresses of a document, path or operation, with variables at their defaults."""
    found = [_address(server) for server in holder.get("servers") or () if isinstance(server, Mapping)]
    return [address for address in dict.fromkeys(found) if address]


def _address(server: Mapping[str, Any]) -> str:
    variables = server.get("variables")
    known: Mapping[str, Any] = variables if isinstance(variables, Mapping) else {}

    def default(match: re.Match[str]) -> str:
        variable = known.get(match[1])
        return str(variable.get("default", "")) if isinstance(variable, Mapping) else ""

    return re.sub(r"\{([^{}]*)\}", default, str(server.get("url", ""))).strip()


def schemes(document: Mapping[str, Any]) -> dict[str, SecurityScheme]:
    """Return how each credential travels; schemes that a request cannot carry are left out."""
    components = document.get("components")
    found = components.get("securitySchemes") if isinstance(components, Mapping) else None
    listed = {name: _scheme(resolved(scheme, document)) for name, scheme in (found or {}).items()}
    return {name: scheme for name, scheme in listed.items() if scheme is not None}


def _scheme(scheme: Any) -> SecurityScheme | None:
    if not isinstance(scheme, Mapping):
        return None
    kind, name = str(scheme.get("type", "")), str(scheme.get("name", ""))
    if kind == "apiKey" and scheme.get("in") in ("header", "query", "cookie") and HEADER_NAME.match(name):
        return SecurityScheme(str(scheme["in"]), name)
    if kind == "http" and str(scheme.get("scheme", "")).lower() in ("basic", "bearer"):
        return SecurityScheme(str(scheme["scheme"]).lower())
    return SecurityScheme(_KINDS[kind]) if kind in _KINDS else None


def security(operation: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the alternatives of credentials that an operation takes, each a set of scheme names."""
    wanted = operation.get("security", document.get("security"))
    listed: Iterable[Any] = wanted if isinstance(wanted, list) else ()
    return tuple(tuple(sorted(need)) for need in listed if isinstance(need, Mapping) and need)
