"""Which operations of connected APIs could serve what people ask for in vain.

A rule without training: the likeness of a request and an operation is the mean cosine of their weighted words and of
their weighted letters (TF-IDF over what is asked and what is offered). Words that no operation knows, such as names
and amounts, are what a request is filled with rather than what it is about: they weigh less. How well that tells
served from unserved requests is measured by benchmarks/bench_gaps.py. What is done about a match belongs to
`api_catalogue.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratchet.contracts.apis import Api, Operation

LEAST_LIKENESS = 0.125  # where F1 is best on BFCL: chosen on its labels, once; see benchmarks/README.md
MOST = 5
UNKNOWN_WEIGHT = 0.3  # of a word that no operation has
_LONGEST_REQUEST, _LONGEST_OPERATION, _DEEPEST = 2000, 6000, 6
Vectors = Any  # a sparse matrix with rows of length 1


@dataclass(frozen=True, slots=True)
class Match:
    """An operation that may serve a request: `share` is their likeness, 0 to 1."""

    api: str
    operation: str
    share: float


def matches(requests: Sequence[str], apis: Iterable[tuple[str, Api]]) -> list[list[Match]]:
    """Return for each request the operations that may serve it, the best first.

    Args:
        requests: what is asked for, in words; names of intents too.
        apis: the catalogue, by name.
    """
    offered = [(name, operation) for name, api in apis for operation in api.operations]
    alike = likeness(requests, [operation_text(operation) for _, operation in offered])
    found = []
    for row in alike:
        good = [
            Match(offered[at][0], offered[at][1].label, round(float(row[at]), 4))
            for at in np.flatnonzero(row >= LEAST_LIKENESS).tolist()
        ]
        found.append(sorted(good, key=lambda m: (-m.share, m.api, m.operation))[:MOST])
    return found


def likeness(requests: Sequence[str], operations: Sequence[str]) -> NDArray[np.float64]:
    """Return how alike each request (rows) and each operation (columns) are, 0 to 1.

    Args:
        requests: what is asked for, in words.
        operations: what each operation says of itself, see `operation_text`.
    """
    asked, offered = _bounded(requests, _LONGEST_REQUEST), _bounded(operations, _LONGEST_OPERATION)
    if not any(map(words, asked)) or not any(map(words, offered)):
        return np.zeros((len(requests), len(operations)))
    return (_cosine(asked, offered, analyzer=words) + _cosine(asked, offered, **_LETTERS)) / 2


_LETTERS: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (3, 5)}


def _cosine(asked: Sequence[str], offered: Sequence[str], **how: Any) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    vectoriser = TfidfVectorizer(sublinear_tf=True, **how).fit([*offered, *asked])
    theirs, ours = vectoriser.transform(offered), vectoriser.transform(asked)
    known = np.asarray((theirs > 0).sum(axis=0)).ravel() > 0
    weighted = normalize(ours.multiply(np.where(known, 1.0, UNKNOWN_WEIGHT)[None, :]).tocsr())
    found: NDArray[np.float64] = (weighted @ theirs.T).toarray()
    return found


def operation_text(operation: Operation) -> str:
    """Return what an operation says of itself: names, descriptions, and the values that its parameters may have."""
    said = [operation.operation_id, operation.path, operation.summary, operation.description]
    for parameter in operation.parameters:
        said += [parameter.name, parameter.description, *_schema_words(parameter.schema)]
    if operation.body is not None:
        said += [operation.body.description, *_schema_words(operation.body.schema)]
    return " ".join(_apart(word) for word in said if word)


def _schema_words(schema: Any, depth: int = 0) -> Iterator[str]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    values = schema.get("enum")
    yield from map(str, values if isinstance(values, list) else ())
    yield str(schema.get("default", ""))
    inner = schema.get("properties")
    for name, value in inner.items() if isinstance(inner, Mapping) else ():
        said = value.get("description", "") if isinstance(value, Mapping) else ""
        yield from (str(name), str(said))
        yield from _schema_words(value, depth + 1)
    yield from _schema_words(schema.get("items"), depth + 1)


def words(text: str) -> list[str]:
    """Return the telling words of a text, without endings."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    found = re.findall(r"[^\W_]+", _apart(text).lower())
    return [_stem(word) for word in found if word not in ENGLISH_STOP_WORDS and len(word) > 1]


def _bounded(texts: Sequence[str], longest: int) -> list[str]:
    return [_apart(text[:longest]).replace("_", " ") for text in texts]


def _apart(text: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word
