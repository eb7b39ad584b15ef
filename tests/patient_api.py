"""Airflow's API as a test asks it: again, where the machine was too busy to answer."""

import http.client
import time
from dataclasses import dataclass

from ratchet.airflow_api import AirflowApi
from ratchet.errors import RatchetError

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class PatientApi(AirflowApi):
    """Asks again when SQLite was locked at that moment, which changed nothing, or when a reading took too long."""

    def call(self, method, path, body=None):
        """Return the answer to a request below `/api/v2`."""
        for _ in range(ATTEMPTS - 1):
            try:
                return AirflowApi.call(self, method, path, body)
            except RatchetError as error:
                if not ("answered 503" in str(error) or "Database error" in str(error)):
                    raise
            except (OSError, http.client.HTTPException):
                if method != "GET":
                    raise
            time.sleep(1)
        return AirflowApi.call(self, method, path, body)
