"""Which words set one group of short texts apart from the others.

Which texts may be shown belongs to the caller.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ratchet.contracts.satisfaction import Word

_PLACEHOLDERS = re.compile(r"<[^<>]{1,40}>|\[[A-Z_]{2,40}\]")
_WORD = re.compile(r"[^\W\d_]{3,30}")
_LONGEST = 4000
_PRIOR_WORDS = 500.0


def distinctive(
    texts: Iterable[str], others: Iterable[str], *, min_texts: int = 2, z: float = 1.96, most: int = 10
) -> tuple[Word, ...]:
    """Return the words that are typical of some texts and not of the others, the most typical first.

    Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, eq. 16–22), the prior being the
    words' shares in both groups: `δ = log((y+α)/(n+α₀-y-α)) - log((y'+α)/(n'+α₀-y'-α))`, variance `1/(y+α) + 1/(y'+α)`,
    `z = δ/sqrt(variance)`. A word counts once a text, so that one long text does not decide.

    Args:
        texts: those of the group.
        others: all the rest.
        min_texts: a word of fewer texts of the group is not shown.
        z: how far a word must stand out.
        most: at most so many words.
    """
    here, there = _counts(texts), _counts(others)
    vocabulary = sorted(here.keys() | there.keys())
    if not here or not there or len(vocabulary) < 2:
        return ()
    scores = _scores(*(np.array([c[w] for w in vocabulary], dtype=float) for c in (here, there)))
    found = [
        Word(w, here[w], there[w], float(s))
        for w, s in zip(vocabulary, scores, strict=True)
        if s >= z and here[w] >= min_texts
    ]
    return tuple(sorted(found, key=lambda w: (-w.z, w.word))[:most])


def _scores(here: np.ndarray, there: np.ndarray) -> Sequence[float]:
    both = here + there
    prior = both / both.sum() * min(_PRIOR_WORDS, both.sum())
    odds = [np.log((y + prior) / (y.sum() + prior.sum() - y - prior)) for y in (here, there)]
    variance = 1 / (here + prior) + 1 / (there + prior)
    scores: list[float] = ((odds[0] - odds[1]) / np.sqrt(variance)).tolist()
    return scores


def _counts(texts: Iterable[str]) -> Counter[str]:
    words: Counter[str] = Counter()
    for text in texts:
        words.update(set(_WORD.findall(_PLACEHOLDERS.sub(" ", text[:_LONGEST]).casefold())))
    return words
