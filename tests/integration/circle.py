"""A small application for whole circles: three errors, each on its own intent, and an intent that none of them hits.

What its log says of a day depends on which fixes the application had loaded that day.
"""

import json
import random
from datetime import datetime, timedelta

REQUESTS = 60  # of each intent a day
ERRORS = {  # intent -> type and message of its error
    "refund": ("RateLimited", "the payment service allows no more requests"),
    "search": ("IndexStale", "the search index is being rebuilt"),
    "export": ("RowTooWide", "a row has more columns than its header"),
}
CALM = "greet"
FAILS, CALM_FAILS = 0.4, 0.04
WITH_FIX = {"refund": 0.04, "search": 0.4, "export": 0.8}  # useful, useless, harmful


def land(landing, day, version, fixed):
    """Write the log of a day.

    Args:
        landing: the landing zone.
        day: which day.
        version: of `published/` that the application had loaded, None before the first.
        fixed: intents whose fix is in force in that version.
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
        at = datetime.combine(day, datetime.min.time()) + timedelta(seconds=dice.randrange(86_000))
        name, hit = f"{day}-{intent}-{n}", dice.random()
        common = {"occurred_at": f"{at.isoformat()}Z", "user_id": f"user-{dice.randrange(40)}", "service": "shop"}
        fails = hit < share
        tried_again = is_fixed and not fails and hit < FAILS  # its first try failed and was logged all the same
        error = ERRORS.get(intent, ("Timeout", "no answer in time"))
        yield common | {
            "event_id": name,
            "event_type": "interaction",
            "intent": intent,
            "success": not fails,
            "error": ": ".join(error) if fails else None,
        }
        if (fails or tried_again) and intent in ERRORS:
            yield common | {
                "event_id": f"{name}-error",
                "event_type": "error",
                "error_type": error[0],
                "message": error[1],
                "interaction_id": name,
                "handled": tried_again,
            }
