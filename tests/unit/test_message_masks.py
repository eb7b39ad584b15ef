"""The masks that turn messages into templates, rendered as dbt does it and run on single messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "messages.sql"


class _ReturnedError(Exception):
    pass


def _masks(module: Any, returned: list[Any]) -> list[tuple[str, str]]:
    with pytest.raises(_ReturnedError):
        module.message_masks()
    masks: list[tuple[str, str]] = returned[-1]
    return masks


@pytest.fixture(scope="module")
def expression() -> str:
    returned: list[Any] = []

    def give_back(value: Any) -> None:
        returned.append(value)
        raise _ReturnedError

    template = jinja2.Environment(autoescape=False).from_string(MACROS.read_text("utf-8"))
    module: Any = template.make_module({"return": give_back})
    return str(module.mask(str(module.message_key("message")), _masks(module, returned)))


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("no access to sheet sh_b3f9c2a1", "no access to sheet <id>"),
        ("no access to sheet sh_abcdef12", "no access to sheet <id>"),
        ("workspace ws-f03ab1 is full", "workspace <id> is full"),
        ("completion chatcmpl-9xTz3bYk2 failed", "completion <id> failed"),
        ("request req_011CSHoEeqs5C35K2UUqR7Fy failed", "request <id> failed"),
        ("user mia_li_3668 not found", "user <id> not found"),
        ("tool book_reservation failed in step-by-step mode", "tool book_reservation failed in step-by-step mode"),
        ("feature_flag new-checkout2 is missing", "feature_flag new-checkout# is missing"),
        ("model gpt-4o in us-east-1a", "model gpt-#o in us-east-#a"),
        ("timed out after 30.5 s", "timed out after <duration>"),
        ("limit 90000, used 57185", "limit <number>, used <number>"),
    ],
)
def test_what_varies_is_masked_and_nothing_else(expression: str, message: str, template: str) -> None:
    found = duckdb.execute(f"select {expression} from (select ? as message)", [message]).fetchone()
    assert found == (template,)
