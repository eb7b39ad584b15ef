"""Natural text: templates with slots, small talk around them, and typos.

The words themselves are data in `catalogue/words.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ratchet.samples.catalogue import load
from ratchet.samples.frames import Array, texts

LANGUAGES = ("en", "de", "fr")
_SLOT = re.compile(r"<(\w+)>")
_GREETINGS = ("", "", "", "", "", "", "hey, ", "hi! ", "quick one: ", "ok now ")
_ASKS = ("", "", "", "please ", "can you ", "could you ", "I need you to ")  # only before a verb
_VERBS = frozenset(
    (
        "add", "boil", "book", "brief", "catch", "change", "chart", "check", "compare", "connect", "convert", "create",
        "draft", "draw", "email", "explain", "export", "find", "fix", "give", "help", "import", "list", "look", "make",
        "move", "plot", "post", "prepare", "pull", "put", "read", "record", "refactor", "review", "rewrite", "run",
        "save", "say", "schedule", "search", "send", "set", "share", "shorten", "show", "summarise", "summarize",
        "sync", "tell", "transcribe", "translate", "turn", "update", "visualise", "walk", "write",
    )
)  # fmt: skip
_CLOSERS = ("", "", "", "", "", "?", " please", ", thanks", " asap", "!", " - it's urgent", ".")
_TYPO_SHARE = 0.07


def fill(template: str, size: int, rng: np.random.Generator) -> list[str]:
    """Return so many texts from one template, each slot filled on its own.

    Raises:
        KeyError: if a slot is in no word list.
    """
    return _filled(template, size, rng, {})


def pairs(first: str, second: str, size: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Return so many pairs of texts; a slot of the second has the value of its first use in the first."""
    said: dict[str, list[str]] = {}
    return _filled(first, size, rng, said), _filled(second, size, rng, said, again=True)


def mixed(templates: Sequence[str], size: int, rng: np.random.Generator) -> Array:
    """Return texts from randomly chosen templates."""
    codes = rng.integers(0, len(templates), size=size)
    out = np.empty(size, dtype=object)
    for code, template in enumerate(templates):
        rows = np.flatnonzero(codes == code)
        out[rows] = fill(template, len(rows), rng)
    return out


def dialogues(
    asks: Sequence[str], replies: Sequence[str], size: int, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Return what users type, what they are answered, and the position in `LANGUAGES` of the language of each."""
    spoken = [ask.partition(":") if ask[:3] in ("de:", "fr:") else ("en", "", ask) for ask in asks]
    codes = rng.integers(0, len(asks) * len(replies), size=size)
    asked, answered = np.empty(size, dtype=object), np.empty(size, dtype=object)
    for code in range(len(asks) * len(replies)):
        rows = np.flatnonzero(codes == code)
        ask, reply = spoken[code // len(replies)][2], replies[code % len(replies)]
        asked[rows], answered[rows] = pairs(ask, reply, len(rows), rng)
    language = np.array([LANGUAGES.index(code) for code, _, _ in spoken])[codes // len(replies)]
    return _typed(asked, language, rng), answered, language


def _typed(asked: Array, language: Array, rng: np.random.Generator) -> Array:
    size = len(asked)
    dice = rng.integers(0, 2**30, (size, 3)).tolist()
    typos = np.where(rng.random(size) < _TYPO_SHARE, rng.random(size), -1.0).tolist()
    said = [_said(text, *three) if code == 0 else text for text, code, three in zip(asked, language, dice, strict=True)]
    return texts([_misspelt(text, place) if place >= 0 else text for text, place in zip(said, typos, strict=True)])


def again(text: str, way: int) -> str:
    """Return the same request as somebody repeats it who was not understood."""
    ways = (f"{text} again", f"no, {text}", f"I said {text}", text, f"try again: {text}", f"{text} !!")
    return ways[way % len(ways)]


def _said(text: str, greeting: int, ask: int, closer: int) -> str:
    """Return an English request with a little small talk around it."""
    polite = _ASKS[ask % len(_ASKS)] if text.partition(" ")[0] in _VERBS else ""
    return f"{_GREETINGS[greeting % len(_GREETINGS)]}{polite}{text}{_CLOSERS[closer % len(_CLOSERS)]}"


def _misspelt(text: str, place: float) -> str:
    spots = [at for at in range(len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    if not spots:
        return text
    at = spots[int(place * len(spots))]
    if int(place * 1000) % 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :]


def _filled(
    template: str, size: int, rng: np.random.Generator, said: dict[str, list[str]], again: bool = False
) -> list[str]:
    """Fill a template; `said` holds the first value of each slot, which is used `again` where asked for."""
    columns = []
    for odd, piece in enumerate(_SLOT.split(template)):
        if odd % 2 == 0:
            columns.append([piece] * size)
            continue
        values = said[piece] if again and piece in said else _slot(piece, size, rng, said)
        said.setdefault(piece, values)
        columns.append(values)
    return ["".join(row) for row in zip(*columns, strict=True)]


def _slot(name: str, size: int, rng: np.random.Generator, said: dict[str, list[str]]) -> list[str]:
    word = load("words")[name]
    if "of" in word:
        return [str(int(value) * int(word["times"])) for value in said[word["of"]]]
    if isinstance(word, list):
        return [word[code] for code in rng.integers(0, len(word), size).tolist()]
    if "hex" in word:
        digits = int(word["hex"])
        high, low = rng.integers(0, 2**32, size).tolist(), rng.integers(0, 2**62, size).tolist()
        # A letter first, since sixteen decimal digits could be a card number; then a digit, as most ids have one.
        return [f"{'abcdef'[b % 6]}{b % 10}{a:08x}{b:016x}"[:digits] for a, b in zip(high, low, strict=True)]
    return [str(number) for number in rng.integers(word["from"], word["to"] + 1, size).tolist()]
