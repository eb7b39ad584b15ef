"""Writes the client of an API: Python, tools of an agent, and the requests of its contract test, as texts."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ratchet.contracts.apis import Api
from ratchet.generate.api_clients import cases, emit, tools
from ratchet.generate.api_clients.plan import plan

__all__ = ["client_files"]


def client_files(api: Api, name: str, runtime: Mapping[str, str]) -> dict[str, str]:
    """Return the files of an API's client, not yet formatted.

    Args:
        api: what is to be called.
        name: of the package, a valid Python name.
        runtime: file name -> text of what every client carries with it.
    """
    planned = plan(api, name)
    return {
        "__init__.py": emit.package_module(planned),
        "client.py": emit.client_module(planned),
        "models.py": emit.models_module(planned),
        "tools.json": _json(tools.tools(planned)),
        "cases.json": _json(cases.cases(planned)),
        "py.typed": "",
        **runtime,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
