"""A connected API as Ratchet knows it: operations, parameters, bodies, answers; whatever it was learned from.

Reading a specification into these records belongs to `analyze/api_specs/`, writing a client from them to
`generate/api_clients/`. Schemas stay JSON Schema (mappings) and may hold `$ref`, a JSON pointer into `Api.document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

METHODS = ("get", "head", "options", "post", "put", "patch", "delete", "trace")
SAFE_METHODS = frozenset({"get", "head"})
Schema = Mapping[str, Any]


class Place(StrEnum):
    """Where a parameter travels."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"


class Media(StrEnum):
    """How a body is written on the wire."""

    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: as it is sent.
        place: where it is sent.
        required: whether a request without it is wrong.
        schema: of its value.
        style: `simple`, `label`, `matrix`, `form`, `spaceDelimited`, `pipeDelimited`, `tabDelimited`, `deepObject` or
            `json` (one JSON text).
        explode: whether lists and objects become several parts.
        description: what the API says about it.
        examples: values that the API shows, the first is the best.
        keep_reserved: reserved characters in the query stay as they are.
    """

    name: str
    place: Place
    required: bool
    schema: Schema
    style: str
    explode: bool
    description: str = ""
    examples: tuple[Any, ...] = ()
    keep_reserved: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation sends: its media type, how that is written, and which lists are joined by what in a form."""

    media: Media
    media_type: str
    schema: Schema
    required: bool
    description: str = ""
    examples: tuple[Any, ...] = ()
    styles: Mapping[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers when it goes well: how it is written (None: nothing) and the schemas it may have."""

    media: Media | None
    schemas: tuple[Schema, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """How a credential travels: `header`, `query`, `cookie`, `basic` or `bearer`, and under which name."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an API can do.

    Attributes:
        method: lower case.
        path: template with `{name}` for each path parameter; neither query nor fragment.
        operation_id: the API's own name for it, empty where it has none.
        fixed_query: what the specification wrote behind the `?` of the path.
        server: address where it differs from the API's own.
        security: alternatives, each a set of scheme names; empty where none is needed.
    """

    method: str
    path: str
    operation_id: str = ""
    summary: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answer: Answer = Answer(None)
    deprecated: bool = False
    fixed_query: tuple[tuple[str, str], ...] = ()
    server: str | None = None
    security: tuple[tuple[str, ...], ...] = ()

    @property
    def label(self) -> str:
        """Return method and path, the name of an operation everywhere."""
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """A whole API.

    Attributes:
        title, version: as the API names itself.
        dialect: `OpenAPI 3.0`, `OpenAPI 3.1`, `Swagger 2.0` or `traffic`, where it was mined from logged calls.
        servers: absolute or relative addresses, the first is the default.
        operations: in the order of the specification.
        schemes: how credentials travel, by scheme name.
        document: what `$ref` in schemas points into.
        notes: what was tolerated or could not be used, in words.
    """

    title: str
    version: str
    dialect: str
    operations: tuple[Operation, ...]
    servers: tuple[str, ...] = ()
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
