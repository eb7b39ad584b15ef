"""How a fix calls an operation whose parameters it mends; its functions are written into every such fix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ratchet.generate.families.templates.missing_parameter import Params, mend


def apply(
    call: Callable[[Params], Any],
    params: Params,
    acted: Callable[[], None],
) -> Any:
    """Call the operation; where it fails as in the log, mend it and call again."""
    try:
        return call(params)
    except Exception as error:
        mended = mend(error, params)
        if mended is None:
            raise
    acted()
    return call(mended)


async def apply_async(
    call: Callable[[Params], Awaitable[Any]],
    params: Params,
    acted: Callable[[], None],
) -> Any:
    """Do the same as `apply` with an operation that is awaited."""
    try:
        return await call(params)
    except Exception as error:
        mended = mend(error, params)
        if mended is None:
            raise
    acted()
    return await call(mended)
