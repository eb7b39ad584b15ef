"""Personal data and secrets, planted where real logs have them, and numbers that only look like them.

Every value is made up and listed in `truth.json`, so that a test can prove that none survives ingestion and that no
harmless number is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ratchet.samples.frames import texts
from ratchet.samples.plan import Plan

KINDS = ("email", "bearer_token", "api_key", "card_number", "phone")
HARMLESS = "harmless_number"
PLACES = ("request_text", "response_text", "params", "attributes", "comment")
_NAMES = ("maria.keller", "j.okafor", "lena_w", "tom.brandt", "s.lefevre", "ana.silva", "wei.zhang", "o.nilsson")
_DOMAINS = ("northwind-traders.example", "contoso.example.com", "mail.example.org")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted value: what the text says, and the part of it that must not survive (or, if harmless, must)."""

    kind: str
    text: str
    value: str

    def as_record(self, where: str) -> dict[str, str]:
        """Return the value as it stands in `truth.json`."""
        return {"kind": self.kind, "value": self.value, "where": where}


def make(kind: str, rng: np.random.Generator) -> Planted:
    """Return a made-up value of a kind.

    Raises:
        KeyError: if there is no such kind.
    """
    makers = {
        "email": _email,
        "bearer_token": lambda r: _secret(kind, "Bearer ", _word(r, 44), r),
        "api_key": lambda r: _secret(kind, "sk-", _word(r, 40), r),
        "card_number": _card,
        "phone": _phone,
        HARMLESS: _harmless,
    }
    return makers[kind](rng)


def plant(plan: Plan, frames: dict[str, pd.DataFrame], index: int) -> list[dict[str, str]]:
    """Put values of every kind into some events of a day and return what was put where.

    Changed events are marked in the column `_special`.
    """
    rng = plan.rng("privacy", index)
    each = int(np.clip(plan.events_per_day // 5000, 1, 5))
    planted = [make(kind, rng) for kind in (*KINDS, HARMLESS) for _ in range(each)]
    truth = []
    for number, what in enumerate(planted):
        place = PLACES[(number + index) % len(PLACES)]
        if _put(frames, place, what, rng):
            truth.append(what.as_record(place))
    return truth


def _put(frames: dict[str, pd.DataFrame], place: str, what: Planted, rng: np.random.Generator) -> bool:
    stream = {"params": "step", "comment": "feedback"}.get(place, "root")
    frame = frames[stream]
    free = np.flatnonzero(~frame["_special"].to_numpy())
    if not len(free):
        return False
    row = int(free[rng.integers(len(free))])
    if place not in frame:
        frame[place] = texts([None] * len(frame))
    old = frame[place].iloc[row]
    values = frame[place].to_numpy(dtype=object, copy=True)
    values[row] = _with(old, place, what.text)
    frame[place] = values
    special = frame["_special"].to_numpy(copy=True)
    special[row] = True
    frame["_special"] = special
    return True


def _with(old: str | None, place: str, text: str) -> str:
    if place == "params":
        return f'{(old or "{}")[:-1]},"note":{{"contact":["{text}"]}}}}'
    if place == "attributes":
        return f'{{"client":{{"header":"{text}","retries":2}}}}'
    return f"{old or 'see'} ({text})"


def _email(rng: np.random.Generator) -> Planted:
    name, domain = _NAMES[rng.integers(len(_NAMES))], _DOMAINS[rng.integers(len(_DOMAINS))]
    value = f"{name}{rng.integers(10, 99999)}@{domain}"
    return Planted("email", value, value)


def _secret(kind: str, prefix: str, word: str, rng: np.random.Generator) -> Planted:
    return Planted(kind, prefix + word, word)


def _word(rng: np.random.Generator, length: int) -> str:
    return "".join(_LETTERS[i] for i in rng.integers(0, len(_LETTERS), length))


def _card(rng: np.random.Generator) -> Planted:
    body = [4, *rng.integers(0, 10, 14).tolist()]
    digits = "".join(map(str, [*body, luhn_digit(body)]))
    groups = [digits[i : i + 4] for i in range(0, 16, 4)]
    value = ("", " ", "-")[rng.integers(3)].join(groups)
    return Planted("card_number", value, value)


def luhn_digit(body: list[int]) -> int:
    """Return the check digit (Luhn) that follows these digits."""
    doubled = [digit * 2 - 9 * (digit > 4) if odd % 2 == 0 else digit for odd, digit in enumerate(reversed(body))]
    return -sum(doubled) % 10


def _phone(rng: np.random.Generator) -> Planted:
    value = f"+{rng.integers(30, 49)} {rng.integers(100, 999)} {rng.integers(1000, 9999)} {rng.integers(100, 999)}"
    return Planted("phone", value, value)


def _harmless(rng: np.random.Generator) -> Planted:
    """Return an order number of ten digits: no separators, so no phone, and too short for a card."""
    value = str(rng.integers(10**9, 10**10))
    return Planted(HARMLESS, f"order {value}", value)
