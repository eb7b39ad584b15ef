"""Which texts ask for the same thing (R4): clusters of distinct normalised texts, and their names from night to night.

Two levels, so that any number of texts can be grouped: mini-batch k-means to at most some thousand micro-clusters, then
HDBSCAN (leaf) over their centroids, then every text goes to the nearest cluster, unless its words are too far from the
cluster's or it has none of the words that make the cluster one: those are one-offs. The vectoriser hashes, so that the
words of two nights fall on the same places; a fixed folding of these places (`Clusters.sketches`) is what nights
compare. What a cluster means for people, how often it is asked for and whether it is a gap, belongs to
`analyze/unmet.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLACES = 2**16  # of the hashing vectorisers
WORD_WEIGHT = 0.5  # of a word beside its letters
DIMENSIONS, FITTED_ON = 100, 6000  # of the reduction, and how many texts it is fitted on
TEXTS_PER_MICRO, MOST_MICROS, FEWEST_MICROS = 8, 4000, 400
LEAF_SIZE = 3  # micro-clusters that make a cluster
ROUNDS = 5  # of moving the centroids to their texts
SKETCH = 256
RADIUS = 0.3  # cosine below which a text does not belong to its nearest cluster
LEAST_SHARE = 0.3  # of a cluster's texts that have a word, and
LEAST_LIFT = 2.0  # that share against the one among all texts, from which the word is the cluster's own
SAME = 0.6  # cosine from which clusters of two nights may be one
_CHUNK = 8_000
ONE_OFF = -1
Sparse = Any
Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Texts in clusters.

    Attributes:
        labels: the cluster of each text, -1 for one-offs; clusters are numbered by their first text.
        sketches: of each cluster, a row of length 1: the direction of its words, comparable between nights.
        noise: texts that HDBSCAN had left out, before they went to the nearest cluster.
        micros: micro-clusters.
    """

    labels: Labels
    sketches: Floats
    noise: int
    micros: int

    @property
    def one_offs(self) -> int:
        """Return how many texts are in no cluster."""
        return int((self.labels == ONE_OFF).sum())


def cluster(
    texts: Sequence[str], seed: int = 0, radius: float = RADIUS, alone: NDArray[np.bool_] | None = None
) -> Clusters:
    """Group distinct texts that ask for the same thing.

    Args:
        texts: distinct and normalised; their order decides nothing but ties: hand them in sorted.
        seed: of k-means and of the reduction.
        radius: least cosine of a text and its cluster, over hashed words and letters; -1 leaves no one-offs.
        alone: which texts are clusters by themselves where they are in no other.
    """
    from sklearn import cluster as _loaded  # noqa: F401 -- the limit reaches only libraries that are there already
    from threadpoolctl import threadpool_limits

    if not len(texts):
        return Clusters(np.zeros(0, np.int64), np.zeros((0, SKETCH), np.float32), 0, 0)
    labels, noise, micros = np.full(len(texts), ONE_OFF, np.int64), len(texts), 0
    with threadpool_limits(1):  # sums over threads would come in any order
        words = _words(texts)
        hashed = vectors(texts, words)
        if len(texts) >= 2 * LEAF_SIZE:
            reduced = _reduced(hashed, seed)
            centers, nearest = _micros(reduced, seed)
            leaves = _leaves(centers)
            noise, micros = int((leaves[nearest] < 0).sum()), len(centers)
            labels = _assigned(reduced, centers, leaves)
        sketched = _sketched(hashed)
        labels = _within(sketched, labels, radius)
        if radius > -1:
            labels = _supported(words, labels)
        if alone is not None:
            lonely = alone & (labels == ONE_OFF)
            labels[lonely] = np.arange(int(lonely.sum())) + labels.max() + 1
        labels = _renumbered(labels)
        return Clusters(labels, _means(sketched, labels, int(labels.max()) + 1), noise, micros)


def vectors(texts: Sequence[str], words: Sparse | None = None) -> Sparse:
    """Return a row of length 1 for each text: hashed words and letters, rare ones weigh more."""
    import scipy.sparse as sparse
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    parts = [
        weight * TfidfTransformer(sublinear_tf=True).fit_transform(counted)
        for weight, counted in ((1.0, _letters(texts)), (WORD_WEIGHT, _words(texts) if words is None else words))
    ]
    return normalize(sparse.hstack(parts).tocsr()).astype(np.float32)


def _words(texts: Sequence[str]) -> Sparse:
    """Return how often each text has each hashed word; of a text without spaces, each pair of its letters."""
    return _hashed(texts, analyzer=_tokens)


def _tokens(text: str) -> list[str]:
    found = re.findall(r"\w\w+", text)
    return found if len(found) > 1 else [text[at : at + 2] for at in range(len(text) - 1)]


def _letters(texts: Sequence[str]) -> Sparse:
    """Return how often each text has each hashed run of three or four letters of a word; each word is read once."""
    import scipy.sparse as sparse

    known: dict[str, int] = {}
    said = [[known.setdefault(word, len(known)) for word in text.lower().split()] for text in texts]
    ends = np.cumsum([0, *map(len, said)])
    which = np.fromiter((word for row in said for word in row), np.int64, int(ends[-1]))
    runs = _hashed(list(known) or [""], analyzer="char_wb", ngram_range=(3, 4), lowercase=False)
    held = sparse.csr_matrix((np.ones(len(which), np.float32), which, ends), shape=(len(said), runs.shape[0]))
    found = held @ runs
    found.sort_indices()
    return found


def _hashed(texts: Sequence[str], **how: Any) -> Sparse:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(n_features=PLACES, alternate_sign=False, norm=None, dtype=np.float32, **how).transform(
        texts
    )


def _reduced(hashed: Sparse, seed: int) -> Floats:
    """Return the texts along the main directions of some of them; places that no text has cost nothing."""
    from sklearn.utils.extmath import randomized_svd

    used = hashed[:, np.unique(hashed.indices)]
    size = used.shape[0]
    rows = np.sort(np.random.default_rng(seed).permutation(size)[:FITTED_ON])
    wanted = min(DIMENSIONS, len(rows) - 1)
    _, _, main = randomized_svd(used[rows], wanted, n_iter=2, transpose=False, random_state=seed)
    found = np.empty((size, len(main)), np.float32)
    for at in range(0, size, _CHUNK):
        found[at : at + _CHUNK] = used[at : at + _CHUNK] @ main.T
    return _unit(found)


def _micros(reduced: Floats, seed: int) -> tuple[Floats, Labels]:
    """Return the micro-clusters, rows of length 1, and the one of each text."""
    from sklearn.cluster import MiniBatchKMeans

    size = len(reduced)
    if size <= FEWEST_MICROS:
        return reduced, np.arange(size)
    wanted = int(np.clip(size // TEXTS_PER_MICRO, FEWEST_MICROS, MOST_MICROS))
    model = MiniBatchKMeans(
        wanted,
        random_state=seed,
        batch_size=4096,
        n_init=1,
        max_iter=10 if size <= 50_000 else 2,
        init_size=3 * wanted,
        reassignment_ratio=0.0,
    )
    model.fit(reduced)
    used, nearest = np.unique(model.labels_, return_inverse=True)
    return _unit(model.cluster_centers_[used].astype(np.float32)), nearest


def _leaves(centers: Floats) -> Labels:
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(min_cluster_size=LEAF_SIZE, min_samples=1, cluster_selection_method="leaf", copy=True)
    found: Labels = model.fit(centers.astype(np.float64)).labels_.astype(np.int64)
    return found


def _assigned(reduced: Floats, centers: Floats, leaves: Labels) -> Labels:
    """Return the nearest cluster of each text, after its centroid has moved to its texts a few times."""
    wanted = int(leaves.max()) + 1
    if not wanted:  # nothing splits: one cluster, if its texts are near enough to each other
        return np.zeros(len(reduced), np.int64)
    centroids = _means(centers[leaves >= 0], leaves[leaves >= 0], wanted)
    for _ in range(ROUNDS):
        moved = _means(reduced, _nearest(reduced, centroids), wanted)
        centroids = np.where(np.abs(moved).sum(axis=1, keepdims=True) > 0, moved, centroids)
    return _nearest(reduced, centroids)


def _within(sketched: Floats, labels: Labels, radius: float) -> Labels:
    """Return labels without the texts that are too far from their cluster, and without clusters of one text."""
    wanted = int(labels.max()) + 1
    if not wanted:
        return labels
    near = _alike(sketched, labels, wanted) >= radius
    sizes = np.bincount(labels[near & (labels >= 0)], minlength=wanted)
    kept: Labels = np.where(near & (labels >= 0) & (sizes[labels] > 1), labels, ONE_OFF)
    return kept


def _supported(words: Sparse, labels: Labels) -> Labels:
    """Return labels without the texts that have none of their cluster's own words.

    A large cluster of texts that have nothing to do with each other looks like all texts, and every text is like it;
    but no word is in three tenths of it and twice as often as elsewhere.
    """
    wanted = int(labels.max()) + 1
    if not wanted:
        return labels
    used = words.tocoo()
    cluster_of = labels[used.row]
    inside = cluster_of >= 0
    rows, keys = used.row[inside], cluster_of[inside] * PLACES + used.col[inside]
    own = _own_words(keys, labels, np.bincount(used.col, minlength=PLACES))
    has = np.zeros(len(labels), np.bool_)
    has[rows[np.isin(keys, own)]] = True
    sizes = np.bincount(labels[has], minlength=wanted)
    found: Labels = np.where(has & (sizes[labels] > 1), labels, ONE_OFF)
    return found


def _own_words(keys: Labels, labels: Labels, overall: Labels) -> Labels:
    """Return the pairs of cluster and word, as cluster x PLACES + word, of the words that make a cluster one.

    Args:
        keys: the pairs of all texts in a cluster, one for each text and word.
        labels: the cluster of each text.
        overall: how many of all texts have each word.
    """
    pairs, texts = np.unique(keys, return_counts=True)
    sizes = np.bincount(labels[labels >= 0])[pairs // PLACES]
    share = texts / sizes
    often = (share >= LEAST_SHARE) & (share >= LEAST_LIFT * overall[pairs % PLACES] / len(labels))
    found: Labels = pairs[(texts > 1) & (often | (sizes == len(labels)))]  # all texts: nothing else to compare with
    return found


def _alike(rows: Floats, labels: Labels, wanted: int) -> Floats:
    """Return the cosine of each row and the sum of the others of its cluster, -1 where there is none."""
    sums = _sums(rows, labels, wanted)
    with_own = np.einsum("ij,ij->i", rows, sums[labels])
    others = np.einsum("ij,ij->i", sums, sums)[labels] - 2 * with_own + 1
    found: Floats = np.divide(
        with_own - 1, np.sqrt(np.maximum(others, 0)), out=np.full(len(rows), -1, np.float32), where=others > 1e-6
    )
    return found


def _renumbered(labels: Labels) -> Labels:
    """Number clusters by their first text."""
    present, first = np.unique(labels[labels >= 0], return_index=True)
    number = np.full(int(labels.max()) + 1, ONE_OFF)
    number[present[np.argsort(first, kind="stable")]] = np.arange(len(present))
    found: Labels = np.where(labels >= 0, number[labels], ONE_OFF) if len(number) else labels
    return found


def _sketched(hashed: Sparse) -> Floats:
    """Fold the hashed places to a few, each with a sign of its own: inner products stay what they are on average."""
    import scipy.sparse as sparse

    places = np.arange(hashed.shape[1], dtype=np.int64)
    mixed = (places * 2654435761) & 0xFFFFFFFF
    fold = sparse.csr_matrix(
        (np.where(mixed >> 31, 1.0, -1.0).astype(np.float32), (places, (mixed >> 8) % SKETCH)),
        shape=(hashed.shape[1], SKETCH),
    )
    found = np.empty((hashed.shape[0], SKETCH), np.float32)
    for at in range(0, hashed.shape[0], _CHUNK):
        found[at : at + _CHUNK] = (hashed[at : at + _CHUNK] @ fold).toarray()
    return _unit(found)


def _means(rows: Floats, labels: Labels, wanted: int) -> Floats:
    return _unit(_sums(rows, labels, wanted))


def _sums(rows: Floats, labels: Labels, wanted: int) -> Floats:
    return np.asarray(_sums_of(rows, labels, wanted), dtype=np.float32)


def _sums_of(rows: Any, labels: Labels, wanted: int) -> Any:
    """Return the sum of the rows of each cluster, sparse where they are."""
    import scipy.sparse as sparse

    held = np.flatnonzero(labels >= 0)
    ones = np.ones(len(held), np.float32)
    return sparse.csr_matrix((ones, (labels[held], held)), shape=(wanted, len(labels))) @ rows


def _nearest(rows: Floats, centers: Floats) -> Labels:
    found = np.empty(len(rows), np.int64)
    for at in range(0, len(rows), _CHUNK):
        found[at : at + _CHUNK] = (rows[at : at + _CHUNK] @ centers.T).argmax(axis=1)
    return found


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return found


def same_as(tonight: Floats, known: Floats, least: float = SAME) -> Labels:
    """Return for each of tonight's clusters the known one that it is, -1 where it is none.

    Two clusters are one where each is the other's nearest, and near: one that splits keeps its name in the nearer part.
    """
    if not len(tonight) or not len(known):
        return np.full(len(tonight), ONE_OFF)
    alike = tonight @ known.T
    forth, back = alike.argmax(axis=1), alike.argmax(axis=0)
    rows = np.arange(len(tonight))
    mutual = (back[forth] == rows) & (alike[rows, forth] >= least)
    return np.where(mutual, forth, ONE_OFF)
