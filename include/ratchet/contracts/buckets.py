"""Which variant a unit gets: hash functions and bucket ranges, in plain Python, as an application computes them.

    (salt, unit) -> number -> choice among weighted variants

The key that is hashed is the salt followed by the unit, with nothing between: a separator belongs into the salt, and a
salt that is the flag's key is flagd's own default. The same over many units at once is in `bucket_arrays.py`; what a
published flag says, in `deploy/flags.py`. A further tool is one more entry in `BUCKETINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_MASK = 0xFFFFFFFF
NOBODY = -1  # the choice where no range holds the number


class Hash(StrEnum):
    """How a flag tool turns a unit into a bucket; `none` where that is not known or cannot be computed from a log."""

    FLAGD = "flagd"
    FLAGD_V1 = "flagd_v1"
    FLAGD_V3 = "flagd_v3"
    GROWTHBOOK_V1 = "growthbook_v1"
    GROWTHBOOK_V2 = "growthbook_v2"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Bucketing:
    """One tool's way of bucketing.

    Attributes:
        number: (salt, unit) -> the unit's number, a whole one.
        choice: (number, weights) -> index of the variant, or `NOBODY`.
    """

    number: Callable[[str, str], int]
    choice: Callable[[int, Sequence[int]], int]


def murmur3(key: str | bytes) -> int:
    """Return MurmurHash3 x86 32 bit with seed 0 of UTF-8 text or of bytes, as an unsigned integer.

    Source: Austin Appleby, https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp.
    """
    data = utf8(key) if isinstance(key, str) else key
    whole = len(data) - len(data) % 4
    value = 0
    for start in range(0, whole, 4):
        value ^= _scrambled(int.from_bytes(data[start : start + 4], "little"))
        value = (_rotated(value, 13) * 5 + 0xE6546B64) & _MASK
    value ^= _scrambled(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ (value >> shift)) * factor) & _MASK
    return value ^ (value >> 16)


def _scrambled(block: int) -> int:
    return (_rotated((block * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def utf8(text: str) -> bytes:
    """Return UTF-8; half of a surrogate pair, which no log should hold, is encoded too instead of raising."""
    return text.encode("utf-8", "surrogatepass")


def cbor_text(text: str) -> bytes:
    """Return text as CBOR encodes it (RFC 8949, major type 3 with the shortest length)."""
    data = utf8(text)
    size = len(data)
    if size < 24:
        return bytes([0x60 | size]) + data
    width = next(w for w in (1, 2, 4, 8) if size < 256**w)
    return bytes([0x77 + width.bit_length()]) + size.to_bytes(width, "big") + data


def flagd_choice(number: int, weights: Sequence[int]) -> int:
    """Return flagd's choice: the variant in whose range of cumulated weights `number * total >> 32` falls.

    A unit keeps its variant while the ranges below it keep theirs, whatever the total is.
    """
    bucket = number * sum(weights) >> 32
    end = 0
    for index, weight in enumerate(weights):
        end += weight
        if bucket < end:
            return index
    return NOBODY


def flagd_v1_choice(number: int, weights: Sequence[int]) -> int:
    """Return the choice of flagd before its integer buckets: |signed hash| / (2^31 - 1) * 100 against percentages."""
    total = sum(weights)
    bucket = abs(number - (number >> 31 << 32)) / (2**31 - 1) * 100
    end = 0.0
    for index, weight in enumerate(weights):
        end += weight * 100 / total if total else 0.0
        if bucket < end:
            return index
    return NOBODY


def fnv1a(text: str) -> int:
    """Return FNV-1a 32 bit over UTF-16 code units, as GrowthBook's JavaScript SDK computes it (bytes, where ASCII)."""
    value = 0x811C9DC5
    units = text.encode("utf-16-le", "surrogatepass")
    for start in range(0, len(units), 2):
        value = ((value ^ (units[start] | units[start + 1] << 8)) * 0x01000193) & _MASK
    return value


def growthbook_hash(seed: str, value: str, version: int) -> float | None:
    """Return GrowthBook's number in [0, 1) for a seed and a unit; None for a version that does not exist."""
    if version == 1:
        return fnv1a(value + seed) % 1000 / 1000
    if version == 2:
        return fnv1a(str(fnv1a(seed + value))) % 10000 / 10000
    return None


def equal_weights(variations: int) -> list[float]:
    """Return the same share for each of some variations."""
    return [1 / variations] * max(variations, 0) if variations else []


def bucket_ranges(
    variations: int, coverage: float = 1.0, weights: Sequence[float] | None = None
) -> list[tuple[float, float]]:
    """Return GrowthBook's range in [0, 1] for each variation.

    Args:
        variations: how many there are.
        coverage: share of the units that take part, bounded to [0, 1].
        weights: shares; equal ones where they are missing, of another number or do not sum to 1 (within 0.01).
    """
    equal = equal_weights(variations)
    shares = equal if weights is None or len(weights) != variations or not 0.99 <= sum(weights) <= 1.01 else weights
    covered = min(max(coverage, 0.0), 1.0)
    ranges, start = [], 0.0
    for share in shares:
        ranges.append((start, start + covered * share))
        start += share
    return ranges


def choose_variation(number: float, ranges: Sequence[Sequence[float]]) -> int:
    """Return the index of the range (start included, end excluded) that holds a number, or `NOBODY`."""
    return next((i for i, (start, end) in enumerate(ranges) if start <= number < end), NOBODY)


def in_namespace(unit: str, name: str, start: float, end: float) -> bool:
    """Return whether a unit is in a part of a GrowthBook namespace (start included, end excluded)."""
    return start <= fnv1a(f"{unit}__{name}") % 1000 / 1000 < end


def growthbook_choice(buckets: int) -> Callable[[int, Sequence[int]], int]:
    """Return GrowthBook's choice for a number out of so many buckets and for weights of any sum."""

    def choice(number: int, weights: Sequence[int]) -> int:
        total = sum(weights)
        if not total:
            return NOBODY
        return choose_variation(number / buckets, bucket_ranges(len(weights), 1.0, [w / total for w in weights]))

    return choice


def _growthbook_v2_number(salt: str, unit: str) -> int:
    return fnv1a(str(fnv1a(salt + unit))) % 10000


BUCKETINGS: Mapping[Hash, Bucketing] = {
    Hash.FLAGD: Bucketing(lambda salt, unit: murmur3(salt + unit), flagd_choice),
    Hash.FLAGD_V1: Bucketing(lambda salt, unit: murmur3(salt + unit), flagd_v1_choice),
    Hash.FLAGD_V3: Bucketing(lambda salt, unit: murmur3(cbor_text(salt + unit)), flagd_choice),
    Hash.GROWTHBOOK_V1: Bucketing(lambda salt, unit: fnv1a(unit + salt) % 1000, growthbook_choice(1000)),
    Hash.GROWTHBOOK_V2: Bucketing(_growthbook_v2_number, growthbook_choice(10000)),
}


def assign(hash_: Hash, salt: str, unit: str, weights: Sequence[int]) -> int:
    """Return the index of the variant that a unit gets, or `NOBODY`.

    Raises:
        KeyError: if the hash is `none`: there is nothing to compute.
    """
    bucketing = BUCKETINGS[hash_]
    return bucketing.choice(bucketing.number(salt, unit), weights)
