"""The families of fixes, in the order in which they are asked; docs/fixes.md says how to add one."""

from __future__ import annotations

from ratchet.generate.families import rate_limit
from ratchet.generate.families.base import Family

FAMILIES: tuple[Family, ...] = (rate_limit.FAMILY,)
