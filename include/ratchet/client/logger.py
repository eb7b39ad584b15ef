"""Logs what happens in an application as events of the contract.

No call raises because of a log that cannot be written or a value that the contract does not know: it is counted and
said once. Every call returns the id of its event. Asking for variants belongs to `application.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import traceback
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ratchet.client import records
from ratchet.client.acted import Acted
from ratchet.client.complaints import Complaints
from ratchet.client.event_log import EventLog

USER = "user"
REQUEST = "interaction"
_SAYS_FIX = (REQUEST, "error")


class Logger:
    """Logs events; the base of `Client`."""

    def __init__(
        self,
        log: EventLog,
        complaints: Complaints,
        common: Callable[[], Mapping[str, str | None]],
        id_key: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Log nothing yet.

        Args:
            log: where lines go.
            complaints: where it is counted what went wrong.
            common: the fields that every event carries.
            id_key: a secret; user ids become keyed hashes before they are logged.
            clock: the time now, UTC.
        """
        self._log, self._complaints, self._common, self._clock = log, complaints, common, clock
        self._id_key = id_key.encode() if id_key else None
        self._acted = Acted()

    @property
    def counts(self) -> dict[str, int]:
        """Return how often what went wrong: `lost`, `refused`, `put_aside`, `published_unreadable` and the like."""
        return self._complaints.counts

    def close(self) -> None:
        """Close the log's file; the next event opens a new one."""
        self._log.close()

    def log(self, stream: str, **fields: Any) -> str:
        """Log one event of any stream of the contract.

        Args:
            stream: such as `interaction`.
            fields: the stream's; others are kept in `attributes`. None is the same as nothing.

        Returns:
            The event's id.
        """
        return self._logged(stream, fields)

    def _logged(self, stream: str, fields: dict[str, Any], *, is_hashed: bool = False) -> str:
        named = fields.get("event_id")
        event_id = named if isinstance(named, str) and named else uuid.uuid4().hex
        try:
            ids = {} if is_hashed else self._hashed_ids(fields)
            given = {**self._common(), **self._fix_of(stream), **fields, **ids, "event_id": event_id}
            event, aside = records.record(stream, given, self._clock())
            self._log.append(records.line(event))
            if aside:
                why = f"{stream}.{aside[0]} cannot hold its value, which went to attributes"
                self._complaints.note("put_aside", why)
        except OSError as error:
            self._complaints.note("lost", f"{self._log.landing} cannot be written ({error}); events are lost")
        except records.RefusedError as error:
            self._complaints.note("refused", f"an event breaks the contract and was not logged: {error}")
        except Exception as error:  # noqa: BLE001 -- such as an object whose str() raises; logging never breaks its caller
            self._complaints.note("refused", f"an event could not be logged: {type(error).__name__}")
        return event_id

    def _fix_of(self, stream: str) -> dict[str, str]:
        """Return the fix that acted for an event's request; a request's own event is the last that says so."""
        acted = self._acted.ids if stream in _SAYS_FIX else ()
        if stream == REQUEST:
            self._acted.forget()
        return {"fix_id": acted[-1]} if acted else {}

    def _hashed_ids(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        is_user = fields.get("unit_type", USER) == USER
        names = ("user_id", "rater_id", *(("unit_id",) if is_user else ()))
        return {name: self._pseudonym(fields[name]) for name in names if fields.get(name) is not None}

    def _pseudonym(self, unit: Any) -> Any:
        """Return the id that is assigned and logged; a keyed hash has no form that is masked on arrival."""
        if self._id_key is None:
            if isinstance(unit, str) and "@" in unit:
                why = "addresses as ids are masked on arrival; an id_key keeps audits possible"
                self._complaints.note("maskable_id", why)
            return unit
        if not isinstance(unit, str | int | uuid.UUID):
            return None
        return "u_" + hmac.new(self._id_key, str(unit).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def log_request(
        self,
        user_id: str | None,
        intent: str | None,
        params: Any = None,
        success: bool | None = None,
        error: str | BaseException | None = None,
        **fields: Any,
    ) -> str:
        """Log what a user asked for; the id it returns is the `interaction_id` of everything that follows."""
        named = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else error
        return self.log(REQUEST, user_id=user_id, intent=intent, params=params, success=success, error=named, **fields)

    def capture_error(
        self,
        error_type: str | BaseException,
        context: Any = None,
        stack_trace: str | None = None,
        **fields: Any,
    ) -> str:
        """Log an error; an exception brings its message and stack trace along."""
        if isinstance(error_type, BaseException):
            fields.setdefault("message", str(error_type))
            stack_trace = stack_trace or "".join(traceback.format_exception(error_type))
            error_type = type(error_type).__name__
        return self.log("error", error_type=error_type, context=context, stack_trace=stack_trace, **fields)

    def capture_feedback(self, interaction_id: str, **fields: Any) -> str:
        """Log what somebody thought of an interaction: `rating`, `thumb`, `action`, `score` or only a `comment`."""
        forms = {"rating": "rating", "thumb": "thumb", "action": "behaviour", "score": "score"}
        kind = next((kind for name, kind in forms.items() if fields.get(name) is not None), "comment")
        return self.log("feedback", interaction_id=interaction_id, **{"kind": kind, **fields})

    def capture_explicit_feedback(
        self, action_id: str, rating: float | str | bool, comment: str | None = None, **fields: Any
    ) -> str:
        """Log a rating from 1 to 5, or a thumb: `up` or `down`, True or False."""
        if isinstance(rating, bool):
            rating = "up" if rating else "down"
        given = {"thumb" if isinstance(rating, str) else "rating": rating}
        return self.capture_feedback(action_id, comment=comment, **given, **fields)

    def capture_implicit_feedback(self, action_id: str, user_behavior: str | Mapping[str, Any], **fields: Any) -> str:
        """Log what the user did with an answer, such as `used_as_is`, or a mapping whose `action` says it."""
        if isinstance(user_behavior, Mapping):
            fields = {"attributes": {k: v for k, v in user_behavior.items() if k != "action"} or None, **fields}
            user_behavior = str(user_behavior.get("action"))
        return self.capture_feedback(action_id, action=user_behavior, **fields)

    def log_outcome(self, metric: str, value: float, unit_id: Any, *, unit_type: str = USER, **fields: Any) -> str:
        """Log a metric's value for a unit; a ratio metric also has a `denominator`, a paired design a `pair_id`."""
        return self.log("outcome", metric=metric, value=value, unit_id=unit_id, unit_type=unit_type, **fields)

    def log_flag_evaluation(
        self,
        flag_key: str,
        variant: str,
        unit_id: Any,
        reason: str = "SPLIT",
        *,
        unit_type: str = USER,
        **fields: Any,
    ) -> str:
        """Log which variant a unit was served, and why: SPLIT, TARGETING, DEFAULT or ERROR."""
        return self.log(
            "flag_evaluation",
            flag_key=flag_key,
            variant=variant,
            unit_id=unit_id,
            unit_type=unit_type,
            reason=reason,
            **fields,
        )
