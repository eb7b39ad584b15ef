"""The client: what an AI application calls to log what happens, and to ask which variant a user gets.

No call ever raises because of a version that cannot be read: what was in force stays in force, else the application's
own default is served.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ratchet.client.breaker import CircuitBreaker
from ratchet.client.complaints import Complaints
from ratchet.client.evaluation import Reason, Resolution, resolve
from ratchet.client.event_log import EventLog
from ratchet.client.fixes import Fixes
from ratchet.client.health import Health
from ratchet.client.limiter import Limiter
from ratchet.client.logger import USER, Logger
from ratchet.client.prompts import Prompted
from ratchet.client.published import Published, Version
from ratchet.client.rules import TargetingError
from ratchet.client.token_bucket import TokenBucket
from ratchet.client.tuned import Tuned

NO_VARIANT = "none"  # what a flag evaluation says where the code's own default was served
_LOGGED = {Reason.STATIC: Reason.DEFAULT, Reason.DISABLED: Reason.DEFAULT}


class Client(Logger):
    """A connection to a Ratchet home, safe to share between threads and across forks.

    Attributes:
        published: what Ratchet has published.
        fixes: the published fixes, through which operations are called.
        counts: what went wrong, by kind; empty when nothing did.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        landing: str | Path | None = None,
        published: str | Path | None = None,
        service: str | None = None,
        release: str | None = None,
        environment: str | None = None,
        id_key: str | None = None,
        check_every_s: float = 1.0,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Connect; nothing is written yet.

        Args:
            home: the Ratchet home; default the environment variable RATCHET_HOME, else `./home`.
            landing: where to log; default `<home>/landing`.
            published: what to read; default `<home>/published`.
            service: stands in every event, and in the names of the files.
            release: of that service, stands in every event.
            environment: such as production, stands in every event.
            id_key: a secret; user ids become keyed hashes before anything is assigned or logged.
            check_every_s: how often a new published version is looked for, at most.
            clock: the time now, UTC.
        """
        root = Path(home or os.environ.get("RATCHET_HOME") or "home")
        self._now = now = clock or (lambda: datetime.now(UTC))
        complaints = Complaints()
        self.published = Published(Path(published or root / "published"), complaints, check_every_s)
        own = {"service": service, "release": release, "environment": environment}
        super().__init__(
            EventLog(Path(landing or root / "landing"), service or "application", now),
            complaints,
            lambda: own | {"published_version": self.published.current().name},
            id_key,
            now,
        )
        self.fixes = Fixes(self.published, complaints, self._acted)
        self._tuned = Tuned(lambda: self.published.current().settings, complaints, now)

    def record_result(self, experiment_id: str, user_id: Any, metric_value: float, **fields: Any) -> str:
        """Log a value of an experiment's primary metric, whose name is published with its flag."""
        key, flag = _flag(self.published.current(), experiment_id)
        metadata = (flag or {}).get("metadata", {})
        fields = {"unit_type": str(metadata.get("unit_type", USER)), **fields}
        return self.log_outcome(str(metadata.get("metric") or key), metric_value, user_id, **fields)

    def assign_variant(self, experiment_id: str, user_id: Any, default: str = "control", **context: Any) -> str:
        """Return the variant that a user gets, and log it.

        Args:
            experiment_id: the experiment's id, or its flag's key.
            user_id: the unit; it gets the same variant every time.
            default: what is returned while the experiment is not published.
            context: what rules of the flag may ask for.
        """
        found = self.evaluate(experiment_id, user_id, context)
        return default if found.variant is None else found.variant

    def should_show_feature(self, feature_name: str, user_id: Any, **context: Any) -> bool:
        """Return whether a user sees a feature, and log it; what is not published is not shown.

        Args:
            feature_name: the rollout's id, or its flag's key.
            user_id: the unit.
            context: what rules of the flag may ask for.
        """
        return self.evaluate(feature_name, user_id, context).value is True

    def evaluate(
        self,
        name: str,
        unit_id: Any,
        context: Mapping[str, Any] | None = None,
        accepts: Callable[[Any], bool] = lambda value: True,
    ) -> Resolution:
        """Evaluate a flag for a unit and log it; without a unit nothing is logged, since nobody was exposed.

        Args:
            name: the flag's key, or the experiment or rollout it belongs to.
            unit_id: the targeting key.
            context: what rules of the flag may ask for.
            accepts: whether the application can use the value; if not, that is an error and its own default is served.
        """
        version = self.published.current()
        key, flag = _flag(version, name)
        metadata = (flag or {}).get("metadata", {})
        unit_type = str(metadata.get("unit_type", USER))
        unit = self._unit(unit_id, unit_type)
        found = self._resolution(key, flag, version, dict(context or {}) | {"targetingKey": unit})
        if found.variant is not None and not accepts(found.value):
            self._complaints.note("wrong_type", f"the value of flag {key} is not of the type that was asked for")
            found = Resolution(None, found.value, Reason.ERROR)
        if unit is not None:
            logged: dict[str, Any] = {
                "flag_key": key,
                "variant": found.variant or NO_VARIANT,
                "unit_id": unit,
                "unit_type": unit_type,
            }
            logged |= {"reason": _LOGGED.get(found.reason, found.reason).value, "published_version": version.name}
            self._logged("flag_evaluation", logged, is_hashed=True)
        return found

    def _unit(self, unit_id: Any, unit_type: str) -> str | None:
        """Return what is assigned, None where it is no id."""
        if isinstance(unit_id, bool) or not isinstance(unit_id, str | int | uuid.UUID) or unit_id == "":
            return None
        return str(self._pseudonym(unit_id) if unit_type == USER else unit_id)

    def _resolution(
        self, key: str, flag: Mapping[str, Any] | None, version: Version, context: dict[str, Any]
    ) -> Resolution:
        if flag is None:
            self._complaints.note("unknown_flag", f"flag {key} is not published")
            return Resolution(None, None, Reason.ERROR)
        try:
            return resolve(key, flag, context, version.shared)
        except TargetingError as error:
            self._complaints.note("flag_error", f"flag {key} cannot be evaluated: {error}")
            return Resolution(None, None, Reason.ERROR)

    def timeout_for(self, task: Any, *, complexity: float | None = None, size: float | None = None) -> float:
        """Return after how many seconds a task is given up.

        Args:
            task: its type, or a mapping or object with `task_type`, `complexity` and `size` as events have them.
            complexity: 0 to 1, if `task` does not say it.
            size: number of items, if `task` does not say it.
        """
        return self._tuned.timeout_for(task, complexity, size)

    def batch_size(self, tasks: Any, resources: Any = None, *, task: str = "") -> int:
        """Return how many of the waiting tasks to take at once.

        Args:
            tasks: the tasks that wait, each as `timeout_for` takes it, or their number.
            resources: a mapping or object with `cpu_percent_free` and `memory_percent_free`.
            task: their type, if `tasks` does not say it.
        """
        return self._tuned.batch_size(tasks, resources, task)

    def circuit_breaker(self, api: str, counts: Callable[[Exception], bool] | None = None) -> CircuitBreaker:
        """Return the circuit breaker of an API, the same one at every call.

        Args:
            api: as the events of its calls name it.
            counts: whether an error says that the API fails; all do where this is not given. The first call decides.
        """
        return self._tuned.circuit_breaker(api, counts)

    def limiter(self, service: str = "") -> Limiter:
        """Return what lets so many calls run at once, the same one at every call.

        Args:
            service: as the events of its hosts name it.
        """
        return self._tuned.limiter(service)

    def rate_limiter(self, api: str, processes: int = 1) -> TokenBucket:
        """Return what lets so many calls of an API begin in a minute, the same one at every call; without a limit all.

        Args:
            api: as the events of its calls name it.
            processes: that call it side by side and share the rate, each with its part. The first call decides.
        """
        return self._tuned.rate_limiter(api, processes)

    def health(self) -> Health | None:
        """Return what the last published night says of the application, None where it says nothing or is too old."""
        found = self.published.current().health
        return found if found is not None and found.holds_on(self._now().date()) else None

    def prompt(self, prompt_id: str, default: str = "", *, unit_id: Any = None, **context: Any) -> Prompted:
        """Return a published prompt, else the application's own text as version 0.

        Args:
            prompt_id: as events log it.
            default: the application's own text.
            unit_id: whoever is asked for; where versions are tried in an experiment, its unit, which is then logged.
            context: what rules of the experiment's flag may ask for.
        """
        found = self.published.current().prompts.get(prompt_id)
        if found is None:
            self._complaints.note("unknown_prompt", f"prompt {prompt_id} is not published")
            return Prompted(prompt_id, 0, default)
        version = found.serve
        if found.flag_key and unit_id is not None:
            variant = self.evaluate(found.flag_key, unit_id, context).variant
            version = found.arms.get(str(variant), found.serve)
        return Prompted(prompt_id, version, found.texts[version])

    def flag(self, name: str) -> Mapping[str, Any] | None:
        """Return a flag as it is published, None where it is not."""
        return _flag(self.published.current(), name)[1]


def _flag(version: Version, name: str) -> tuple[str, Mapping[str, Any] | None]:
    key = version.trials.get(name, name)
    return key, version.flags.get(key)
