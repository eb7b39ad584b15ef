"""The families of fixes, in the order in which they are asked; docs/fixes.md says how to add one."""

from __future__ import annotations

from ratchet.generate.families import (
    auth_expiry,
    content_filter,
    context_length,
    encoding,
    invalid_json,
    missing_parameter,
    none_access,
    rate_limit,
    timeout,
    tool_not_found,
    transient,
    wrong_type,
)
from ratchet.generate.families.base import Family

FAMILIES: tuple[Family, ...] = (
    rate_limit.FAMILY,
    auth_expiry.FAMILY,
    content_filter.FAMILY,
    context_length.FAMILY,
    invalid_json.FAMILY,
    encoding.FAMILY,
    tool_not_found.FAMILY,
    none_access.FAMILY,
    missing_parameter.FAMILY,
    wrong_type.FAMILY,
    timeout.FAMILY,
    transient.FAMILY,
)
