"""The `table` block of a source's settings: which table, which column tells when a row was written, and where it lies.

What its connection means belongs to `databases.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from ratchet.errors import SourceError
from ratchet.yaml_files import Strict

Connections = Callable[[str], str | None]
WAY_OUT = "see docs/tables.md"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Name = Annotated[StrictStr, Field(min_length=1, max_length=500)]


class TableSettings(Strict):
    """One table; what each key means is in docs/tables.md."""

    connection: _Name
    name: _Name
    watermark: _Name
    schema_name: Annotated[_Name | None, Field(alias="schema")] = None
    key: tuple[_Name, ...] = ()
    columns: tuple[_Name, ...] = ()
    late_days: Annotated[StrictInt, Field(ge=0, le=31)] = 1


def from_environment(name: str) -> str | None:
    """Return an Airflow connection as Airflow reads it from the environment; None where it is not there."""
    return os.environ.get(f"AIRFLOW_CONN_{name.upper()}")


def expanded(text: str, where: str) -> str:
    """Return a setting with its `${VARIABLE}`s filled in.

    Raises:
        SourceError: naming a variable that is not set.
    """
    for name in _VARIABLE.findall(text):
        if not os.environ.get(name):
            raise SourceError(f"the variable {name} is not set", where=where, way_out=f"export {name}=…, {WAY_OUT}")
    return _VARIABLE.sub(lambda match: os.environ[match[1]], text)


def filled(table: TableSettings, where: str) -> TableSettings:
    """Return a table's settings with the variables in its names filled in; the connection stays as it is.

    Raises:
        SourceError: naming a variable that is not set.
    """
    names = {"name": expanded(table.name, where), "watermark": expanded(table.watermark, where)}
    return table.model_copy(update=names)
