"""The buckets of many units at once: what `buckets.py` computes for one, over arrays.

Needs numpy, so the application's client does not use it; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ratchet.contracts import buckets
from ratchet.contracts.buckets import BUCKETINGS, NOBODY, Hash

Numbers = npt.NDArray[np.uint32]
Indexes = npt.NDArray[np.int64]
LONGEST = 256  # bytes of a key; the few longer ones are hashed one by one, so that one huge id costs only itself


def assign(hash_: Hash, salt: str, units: Sequence[str], weights: Sequence[int]) -> Indexes:
    """Return the index of the variant for each unit, -1 where no range holds it.

    Raises:
        KeyError: if the hash is `none`: there is nothing to compute.
    """
    return choices(hash_, numbers(hash_, salt, units), weights)


def numbers(hash_: Hash, salt: str, units: Sequence[str]) -> Numbers:
    """Return each unit's number, as `Bucketing.number` gives it for one.

    Raises:
        KeyError: if the hash is `none`.
    """
    one_by_one = BUCKETINGS[hash_].number
    many = _NUMBERS.get(hash_)
    if many is None:
        return np.fromiter((one_by_one(salt, unit) for unit in units), np.uint32, len(units))
    return many(salt, units)


def choices(hash_: Hash, drawn: Numbers, weights: Sequence[int]) -> Indexes:
    """Return the index of the variant for each number, as `Bucketing.choice` gives it for one.

    Raises:
        KeyError: if the hash is `none`.
    """
    if hash_ in (Hash.FLAGD, Hash.FLAGD_V3):
        bucket = (drawn.astype(np.uint64) * np.uint64(sum(weights))) >> np.uint64(32)
        return _within(np.cumsum(weights, dtype=np.uint64), bucket)
    choice = BUCKETINGS[hash_].choice
    found, where = np.unique(drawn, return_inverse=True)
    return np.array([choice(int(number), weights) for number in found], dtype=np.int64)[where]


def _within(ends: npt.NDArray[np.uint64], bucket: npt.NDArray[np.uint64]) -> Indexes:
    index = np.searchsorted(ends, bucket, side="right")
    return np.where(index < len(ends), index, NOBODY)


def murmur3(keys: Iterable[bytes]) -> Numbers:
    """Return MurmurHash3 x86 32 bit with seed 0 of each key."""
    return _by_length(list(keys), _murmur3_short, buckets.murmur3)


def fnv1a(texts: Iterable[str]) -> Numbers:
    """Return FNV-1a 32 bit of each text, over UTF-16 code units."""
    keys = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    return _by_length(keys, _fnv1a_short, lambda key: buckets.fnv1a(key.decode("utf-16-le", "surrogatepass")))


def _by_length(
    keys: list[bytes], short: Callable[[list[bytes]], Numbers], one: Callable[[bytes], int]
) -> npt.NDArray[Any]:
    is_short = np.fromiter((len(key) <= LONGEST for key in keys), bool, len(keys))
    if is_short.all():
        return short(keys)
    result = np.empty(len(keys), np.uint32)
    result[is_short] = short([key for key in keys if len(key) <= LONGEST])
    result[~is_short] = [one(key) for key in keys if len(key) > LONGEST]
    return result


def _columns(keys: list[bytes], width: int, dtype: str) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Yield (how many keys reach it, their values) for every column of keys that are sorted by length, longest first.

    A key is padded with zeros to a whole number of items of `width` bytes.
    """
    if not keys:
        return
    longest = -(-len(keys[0]) // width)
    table = np.frombuffer(b"".join(key.ljust(longest * width, b"\0") for key in keys), dtype)
    table = table.reshape(len(keys), longest)
    lengths = np.fromiter(map(len, keys), np.int64, len(keys))
    for column in range(longest):
        reached = int(np.searchsorted(-lengths, -column * width, side="left"))
        yield reached, table[:reached, column].astype(np.uint32)


def _sorted(keys: list[bytes]) -> tuple[npt.NDArray[np.int64], list[bytes]]:
    order = np.argsort(-np.fromiter(map(len, keys), np.int64, len(keys)), kind="stable")
    return order, [keys[i] for i in order]


def _murmur3_short(keys: list[bytes]) -> Numbers:
    order, longest_first = _sorted(keys)
    lengths = np.fromiter(map(len, longest_first), np.uint32, len(keys))
    value = np.zeros(len(keys), np.uint32)
    for column, (reached, block) in enumerate(_columns(longest_first, 4, "<u4")):
        mixed = value[:reached] ^ _rotated(block * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)
        whole = lengths[:reached] >= 4 * (column + 1)  # the last, incomplete block is mixed in without the rotation
        value[:reached] = np.where(whole, _rotated(mixed, 13) * np.uint32(5) + np.uint32(0xE6546B64), mixed)
    value ^= lengths
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ (value >> np.uint32(shift))) * np.uint32(factor)
    return _unsorted(value ^ (value >> np.uint32(16)), order)


def _fnv1a_short(keys: list[bytes]) -> Numbers:
    order, longest_first = _sorted(keys)
    value = np.full(len(keys), 0x811C9DC5, np.uint32)
    for reached, unit in _columns(longest_first, 2, "<u2"):
        value[:reached] = (value[:reached] ^ unit) * np.uint32(0x01000193)
    return _unsorted(value, order)


def _rotated(value: Numbers, bits: int) -> Numbers:
    return (value << np.uint32(bits)) | (value >> np.uint32(32 - bits))


def _unsorted(value: Numbers, order: npt.NDArray[np.int64]) -> Numbers:
    result = np.empty_like(value)
    result[order] = value
    return result


def _growthbook_v2(salt: str, units: Sequence[str]) -> Numbers:
    return fnv1a(fnv1a(salt + unit for unit in units).astype(str).tolist()) % np.uint32(10000)


_NUMBERS: dict[Hash, Callable[[str, Sequence[str]], Numbers]] = {
    Hash.FLAGD: lambda salt, units: murmur3(buckets.utf8(salt + unit) for unit in units),
    Hash.FLAGD_V1: lambda salt, units: murmur3(buckets.utf8(salt + unit) for unit in units),
    Hash.FLAGD_V3: lambda salt, units: murmur3(buckets.cbor_text(salt + unit) for unit in units),
    Hash.GROWTHBOOK_V1: lambda salt, units: fnv1a(unit + salt for unit in units) % np.uint32(1000),
    Hash.GROWTHBOOK_V2: _growthbook_v2,
}
