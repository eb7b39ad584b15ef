"""What changed between two versions of an API, and what of it breaks who calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.contracts.apis import Api, Operation, Parameter


@dataclass(frozen=True, slots=True)
class Difference:
    """Operations that came and went by their label, and changes that break a caller, in words."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Return it as it stands in `apis.json`."""
        return {"added": list(self.added), "removed": list(self.removed), "breaking": list(self.breaking)}


def difference(before: Api, after: Api) -> Difference:
    """Return what changed from one version to the next; an operation that went is breaking too."""
    old, new = ({o.label: o for o in api.operations} for api in (before, after))
    removed = [label for label in old if label not in new]
    breaking = [f"{label} is gone" for label in removed]
    for label in new:
        if label in old:
            breaking += [f"{label}: {what}" for what in _breaking(old[label], new[label])]
    return Difference(tuple(label for label in new if label not in old), tuple(removed), tuple(breaking))


def _breaking(old: Operation, new: Operation) -> Iterator[str]:
    yield from _parameters(old, new)
    if new.body is not None and new.body.required and not (old.body is not None and old.body.required):
        yield "a body is required"
    if old.body is not None and new.body is None:
        yield "no body is taken any more"
    if old.body is not None and new.body is not None and old.body.media_type != new.body.media_type:
        yield f"the body is {new.body.media_type}, no longer {old.body.media_type}"
    if old.answer.media is not None and old.answer.media is not new.answer.media:
        yield f"it answers {new.answer.media or 'nothing'}, no longer {old.answer.media}"
    if new.security and not old.security:
        yield "a credential is required"


def _parameters(old: Operation, new: Operation) -> Iterator[str]:
    before: Mapping[Any, Parameter] = {(p.place, p.name): p for p in old.parameters}
    after: Mapping[Any, Parameter] = {(p.place, p.name): p for p in new.parameters}
    for (place, name), parameter in after.items():
        known = before.get((place, name))
        if parameter.required and (known is None or not known.required):
            yield f"{place} parameter {name!r} is required"
        if known is not None and known.schema.get("type") != parameter.schema.get("type"):
            yield f"{place} parameter {name!r} is {parameter.schema.get('type')}, no longer {known.schema.get('type')}"
        if known is not None and (gone := _gone(known, parameter)):
            yield f"{place} parameter {name!r} no longer takes {', '.join(gone)}"
    for place, name in before.keys() - after.keys():
        yield f"{place} parameter {name!r} is gone"


def _gone(before: Parameter, after: Parameter) -> list[str]:
    """Return the values of an enumeration that are no longer taken."""
    old, new = before.schema.get("enum"), after.schema.get("enum")
    if not isinstance(old, list) or not isinstance(new, list):
        return []
    return [repr(value)[:40] for value in old if value not in new][:5]
