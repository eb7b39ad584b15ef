"""The APIs that Ratchet may look at: `include/config/apis.yaml`, one block an API, validated.

Tokens are never in the file: it names an environment variable or an Airflow connection. What is fetched from an API
belongs to `discover/`.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from ratchet.contracts.api_references import is_http
from ratchet.errors import SettingsError
from ratchet.yaml_files import Strict, read, validated

APIS_FILE = "apis.yaml"
_WAY_OUT = "see docs/apis.md"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def _http(address: str) -> str:
    if not is_http(address) or urlsplit(address).username or urlsplit(address).password:
        raise ValueError("must be an address such as https://api.example.com/v1, without query, name or password")
    return address.rstrip("/")


Address = Annotated[StrictStr, AfterValidator(_http)]
Header = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9-]{1,80}$")]


class ConnectedApi(Strict):
    """One API; what each key means is in docs/apis.md."""

    base_url: Address
    spec: StrictStr | None = None
    token_env: Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = None
    connection: Annotated[StrictStr, Field(pattern=r"^[\w.-]{1,200}$")] | None = None
    token_header: Header = "Authorization"  # noqa: S105 -- a name
    token_prefix: Annotated[StrictStr, Field(pattern=r"^[ -~]{0,40}$")] = "Bearer "  # noqa: S105 -- a word
    allow_hosts: tuple[Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$")], ...] = ()
    probe: StrictBool = False
    budget: Annotated[StrictInt, Field(ge=1, le=1000)] = 20
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    logged_as: tuple[Annotated[StrictStr, Field(min_length=1, max_length=200)], ...] = ()

    @model_validator(mode="after")
    def _one_token(self) -> ConnectedApi:
        if self.token_env and self.connection:
            raise ValueError("name either token_env or connection")
        if self.spec is not None and "://" in self.spec and not is_http(self.spec):
            raise ValueError("spec must be an address of http or https without a query, or a file")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """Return the hosts that may be asked, with their port where it is not the usual one."""
        return frozenset([urlsplit(self.base_url).netloc.lower(), *(host.lower() for host in self.allow_hosts)])


def load(folder: Path) -> dict[str, ConnectedApi]:
    """Return the connected APIs by name, none where there is no such file.

    Raises:
        SettingsError: naming the file, the key and the nearest valid name or the allowed values.
    """
    path = folder / APIS_FILE
    found = (read(path) if path.exists() else {}).get("apis") or {}
    if not isinstance(found, dict):
        raise SettingsError("`apis` must map names to APIs", where=str(path), way_out=_WAY_OUT)
    return {name: _one(name, block, str(path)) for name, block in found.items()}


def _one(name: str, block: object, where: str) -> ConnectedApi:
    if not _NAME.match(str(name)) or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise SettingsError(
            f"an API cannot be called {str(name)[:60]!r}",
            where=where,
            way_out="its client is a Python package of that name: small letters, digits and _, no module of Python",
        )
    return validated(ConnectedApi, block, where, _WAY_OUT, name)
