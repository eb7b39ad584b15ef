"""A small application for whole circles: three errors, each on its own operation, and an intent that none of them hits.

What its log says of a day depends on which fixes the application had loaded that day.
"""

import json
import random
from datetime import datetime, timedelta

REQUESTS = 60  # of each intent a day
OPENING = timedelta(hours=10)
OPEN_S = 600  # all requests come within ten minutes: what fails is soon seen to work again
ERRORS = {  # operation, which is the intent too -> what its error is logged with
    "refund": {
        "error_type": "RateLimitError",
        "message": "the payment service allows no more requests",
        "http_status": 429,
    },
    "search": {"error_type": "ServiceUnavailable", "message": "the search index is being rebuilt", "http_status": 503},
    "export": {"error_type": "ExportTimeout", "message": "the export timed out"},
}
FAMILIES = {"refund": "rate_limit", "search": "transient", "export": "timeout"}
CALM = "greet"
FAILS, CALM_FAILS = 0.4, 0.04
# once it is called again after a failure: useful; useless, since the index is away for hours; harmful, since every
# further export makes all of them slower
WITH_FIX = {"refund": 0.04, "search": 0.4, "export": 0.8}


def land(landing, day, version, fixed):
    """Write the log of a day.

    Args:
        landing: the landing zone.
        day: which day.
        version: of `published/` that the application had loaded, None before the first.
        fixed: operations whose fix is in that version.
    """
    dice = random.Random(day.toordinal())
    events = [event for intent in (*ERRORS, CALM) for event in _requests(dice, day, intent, intent in fixed)]
    folder = landing / f"dt={day}"
    folder.mkdir(parents=True)
    own = {"published_version": version} if version else {}
    (folder / "log.jsonl").write_text("".join(json.dumps(e | own) + "\n" for e in events), "utf-8")


def _requests(dice, day, intent, is_fixed):
    share = CALM_FAILS if intent == CALM else WITH_FIX[intent] if is_fixed else FAILS
    for n in range(REQUESTS):
        at = datetime.combine(day, datetime.min.time()) + OPENING + timedelta(seconds=dice.randrange(OPEN_S))
        name, hit = f"{day}-{intent}-{n}", dice.random()
        common = {"occurred_at": f"{at.isoformat()}Z", "user_id": f"user-{dice.randrange(40)}", "service": "shop"}
        fails = hit < share
        tried_again = is_fixed and not fails and hit < FAILS  # its first try failed and was logged all the same
        error = ERRORS.get(intent, {"error_type": "Odd", "message": "no answer"})
        yield common | {
            "event_id": name,
            "event_type": "interaction",
            "intent": intent,
            "success": not fails,
            "error": f"{error['error_type']}: {error['message']}" if fails else None,
        }
        if (fails or tried_again) and intent in ERRORS:
            yield (
                common
                | error
                | {
                    "event_id": f"{name}-error",
                    "event_type": "error",
                    "interaction_id": name,
                    "handled": tried_again,
                    "context": {"operation": intent, "idempotent": True},
                }
            )
