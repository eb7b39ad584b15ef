"""Totals that must agree from one mart to another: made here as one frame, judged by `suites/mart_totals.yaml`.

Each identity compares two counts a subject. `excess` is what is too much: the absolute difference where both must be
equal, what the left has above the right where it must not be more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from ratchet.contracts.key_figures import QUANTILES

TOTALS = "mart_totals"  # the frame's name in its suite
Marts = Mapping[str, pd.DataFrame]
COLUMNS = ["identity", "subject", "left", "right", "excess"]
_OUTCOMES = ["requests", "successes", "failures", "unknown"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Two counts that must agree.

    Attributes:
        equal: whether they must be the same; else the left must not be more.
        needs: columns of each mart that it reads.
        sides: makes a frame of subject, left and right.
    """

    name: str
    equal: bool
    needs: Mapping[str, tuple[str, ...]]
    sides: Callable[[Marts, date], pd.DataFrame]

    def computable(self, marts: Marts) -> bool:
        """Return whether all marts and columns are there; what is not is named by the mart's own suite."""
        return all(mart in marts and set(columns) <= set(marts[mart].columns) for mart, columns in self.needs.items())


def totals_frame(marts: Marts, day: date) -> pd.DataFrame:
    """Return one row an identity and subject."""
    parts = [pd.DataFrame(columns=COLUMNS)]
    for identity in IDENTITIES:
        if identity.computable(marts):
            parts.append(_compared(identity, identity.sides(marts, day)))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _compared(identity: Identity, sides: pd.DataFrame) -> pd.DataFrame:
    left, right = sides["left"].astype("float64"), sides["right"].astype("float64")
    excess = (left - right).abs() if identity.equal else (left - right).clip(lower=0)
    frame = sides.assign(identity=identity.name, left=left, right=right, excess=excess)
    return frame[COLUMNS].sort_values("subject", ignore_index=True)


def _health_of_day(marts: Marts, day: date) -> pd.DataFrame:
    health = marts["mart_health_daily"]
    return health[(pd.to_datetime(health["metric_date"]) == pd.Timestamp(day)) & (health["service"] == "")]


def _usage_all(marts: Marts) -> pd.DataFrame:
    usage = marts["mart_usage"]
    return usage[(usage["level"] == "root") & (usage["dimension"] == "all")]


def _health_and_usage(marts: Marts, day: date) -> pd.DataFrame:
    """Return the day's outcomes in health, which leaves out made-up times, against those in usage."""
    usage, health = _usage_all(marts), _health_of_day(marts, day)
    usage = usage[usage["window_days"] == 1]
    rows = [(name, health[name].sum(), usage[name].sum()) for name in _OUTCOMES]
    return pd.DataFrame(rows, columns=["subject", "left", "right"])


def _kpis_and_usage(marts: Marts, day: date) -> pd.DataFrame:
    figures = _requests_figure(marts)
    figures = figures[pd.to_datetime(figures["metric_date"]) == pd.Timestamp(day)]
    kpis = figures.groupby("window_days")["numerator"].sum()
    usage = _usage_all(marts).groupby("window_days")["requests"].sum()
    rows = [(f"{w} days: requests", kpis[w], usage[w]) for w in sorted(set(kpis.index) & set(usage.index))]
    return pd.DataFrame(rows, columns=["subject", "left", "right"])


def _gaps_and_usage(marts: Marts, day: date) -> pd.DataFrame:
    gaps = marts["mart_feature_gaps"].groupby("window_days")[_OUTCOMES].sum()
    usage = _usage_all(marts).groupby("window_days")[_OUTCOMES].sum()
    windows = sorted(set(gaps.index) & set(usage.index))
    rows = [(f"{w} days: {name}", gaps.at[w, name], usage.at[w, name]) for w in windows for name in _OUTCOMES]
    return pd.DataFrame(rows, columns=["subject", "left", "right"])


def _usage_dimensions(marts: Marts, day: date) -> pd.DataFrame:
    """Return the requests of each dimension's values together against those of 'all'."""
    usage = marts["mart_usage"].groupby(["window_days", "level", "dimension"])["requests"].sum().reset_index()
    everything = usage[usage["dimension"] == "all"].drop(columns="dimension")
    both = usage.merge(everything, on=["window_days", "level"], suffixes=("_left", "_right"))
    subject = both["window_days"].astype(str) + " days, " + both["level"] + ", " + both["dimension"]
    return pd.DataFrame({"subject": subject, "left": both["requests_left"], "right": both["requests_right"]})


def _usage_windows(marts: Marts, day: date) -> pd.DataFrame:
    """Return each window's requests of a value against those of the next longer window."""
    usage, key = marts["mart_usage"], ["level", "dimension", "value"]
    wide = usage.pivot_table(index=key, columns="window_days", values="requests", aggfunc="sum", fill_value=0)
    windows = sorted(wide.columns)
    parts = [
        pd.DataFrame({"subject": _joined(wide, f"{short} in {long} days"), "left": wide[short], "right": wide[long]})
        for short, long in itertools.pairwise(windows)
    ]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["subject", "left", "right"])


def _joined(wide: pd.DataFrame, suffix: str) -> list[str]:
    return [f"{'/'.join(str(part) for part in parts)}: {suffix}" for parts in wide.index]


def _services(marts: Marts, day: date) -> pd.DataFrame:
    """Return the requests of all services of a date together against the date's total."""
    health = marts["mart_health_daily"]
    total = health[health["service"] == ""].groupby("metric_date")["requests"].sum()
    services = health[health["service"] != ""].groupby("metric_date")["requests"].sum()
    left = services.reindex(total.index, fill_value=0)
    return pd.DataFrame({"subject": [str(d)[:10] for d in total.index], "left": left.array, "right": total.array})


def _gap_errors(marts: Marts, day: date) -> pd.DataFrame:
    """Return an intent's failures by error, the missing one included, against all its failures."""
    key = ["window_days", "intent"]
    errors = marts["mart_feature_gap_errors"].groupby(key)["failures"].sum()
    failures = marts["mart_feature_gaps"].groupby(key)["failures"].sum()
    intents = errors.index.union(failures.index)
    subject = [f"{window} days: {intent or '(none)'}" for window, intent in intents]
    left, right = (side.reindex(intents, fill_value=0).array for side in (errors, failures))
    return pd.DataFrame({"subject": subject, "left": left, "right": right})


def _health_and_kpis(marts: Marts, day: date) -> pd.DataFrame:
    """Return each date's requests in health against the key figure of that date."""
    kpis, health = _requests_figure(marts), marts["mart_health_daily"]
    daily = kpis[kpis["window_days"] == 1].groupby("metric_date")["numerator"].sum()
    total = health[health["service"] == ""].groupby("metric_date")["requests"].sum()
    dates = sorted(set(daily.index) & set(total.index))
    rows = [(str(d)[:10], total[d], daily[d]) for d in dates]
    return pd.DataFrame(rows, columns=["subject", "left", "right"])


def _requests_figure(marts: Marts) -> pd.DataFrame:
    kpis = marts["mart_kpis_daily"]
    return kpis[kpis["metric"] == "requests"]


def _kpi_quantiles(marts: Marts, day: date) -> pd.DataFrame:
    """Return each latency quantile against the next higher one of its date and window."""
    kpis = marts["mart_kpis_daily"]
    rows = kpis[kpis["metric"].isin(QUANTILES)]
    value = rows["numerator"] / rows["denominator"].where(rows["denominator"] > 0)
    wide = rows.assign(value=value).pivot_table(index=["metric_date", "window_days"], columns="metric", values="value")
    pairs = [(a, b) for a, b in itertools.pairwise(QUANTILES) if {a, b} <= set(wide.columns)]
    parts = [
        pd.DataFrame({"subject": _dated(wide, f"{a} and {b}"), "left": wide[a], "right": wide[b]}) for a, b in pairs
    ]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["subject", "left", "right"])


def _dated(wide: pd.DataFrame, what: str) -> list[str]:
    return [f"{str(moment)[:10]}, {window} days: {what}" for moment, window in wide.index]


def _experiment_units(marts: Marts, day: date) -> pd.DataFrame:
    """Return the units of each arm in the statistics of each metric against those that entered."""
    key = ["trial_id", "phase", "variant"]
    counted = marts["mart_experiment_units"]
    entered = counted[counted["dimension"] == "all"][[*key, "units"]]
    both = marts["mart_experiments"].merge(entered, on=key, how="outer", suffixes=("_left", "_right"))
    subject = both["trial_id"] + ", phase " + both["phase"].astype(str) + ", " + both["variant"] + ": " + both["metric"]
    left, right = (both[f"units_{side}"].fillna(0) for side in ("left", "right"))
    return pd.DataFrame({"subject": subject.fillna("(no metric)"), "left": left, "right": right})


def _hours_and_days(marts: Marts, day: date) -> pd.DataFrame:
    """Return the requests of a date's hours together against those of the date, where both are shown."""
    hours, health = _all_services(marts["mart_health_hourly"]), _all_services(marts["mart_health_daily"])
    by_hours = hours.groupby(pd.to_datetime(hours["metric_hour"]).dt.normalize())["requests"].sum()
    by_day = health.groupby(pd.to_datetime(health["metric_date"]))["requests"].sum()
    dates = by_day.index
    left = by_hours.reindex(dates, fill_value=0)
    return pd.DataFrame({"subject": [str(d)[:10] for d in dates], "left": left.array, "right": by_day.array})


def _failures_and_hours(marts: Marts, day: date) -> pd.DataFrame:
    """Return the failures of an hour by their kind against those of the hour, over the days that have kinds."""
    kinds = marts["mart_failures_hourly"].groupby("metric_hour")["failures"].sum()
    hours = _all_services(marts["mart_health_hourly"]).set_index("metric_hour")["failures"]
    first = pd.Timestamp(day) - pd.Timedelta(days=6)
    shown = kinds.index.union(hours.index[pd.to_datetime(hours.index) >= first])
    left, right = (side.reindex(shown, fill_value=0).array for side in (kinds, hours))
    return pd.DataFrame({"subject": [str(hour)[:16] for hour in shown], "left": left, "right": right})


def _all_services(health: pd.DataFrame) -> pd.DataFrame:
    return health[health["service"] == ""]


def _impact_and_errors(marts: Marts, day: date) -> pd.DataFrame:
    """Return the errors of a fingerprint whose impact was measured against its occurrences in the same 7 days."""
    impact, errors = (marts[name].set_index("fingerprint") for name in ("mart_error_impact", "mart_errors"))
    right = errors["occurrences"].reindex(impact.index, fill_value=0)
    return pd.DataFrame({"subject": impact.index, "left": impact["measured"].array, "right": right.array})


def _fix_cases_and_logged(marts: Marts, day: date) -> pd.DataFrame:
    """Return the cases that are kept of an error, failures and successes, against those that were logged."""
    kept = marts["mart_fix_cases"].groupby(["fingerprint", "failed"])["logged"].agg(["size", "max"]).reset_index()
    subject = kept["fingerprint"] + kept["failed"].map({True: ": failures", False: ": successes"})
    return pd.DataFrame({"subject": subject, "left": kept["size"], "right": kept["max"]})


_USAGE = ("window_days", "level", "dimension", "value", *_OUTCOMES)
_HEALTH = ("metric_date", "service", *_OUTCOMES)
_KPIS = ("metric_date", "window_days", "metric", "numerator", "denominator")
_ARM = ("trial_id", "phase", "variant")
_HOURS = ("metric_hour", "service", "requests", "failures")
IDENTITIES = (
    Identity("health_within_usage", False, {"mart_usage": _USAGE, "mart_health_daily": _HEALTH}, _health_and_usage),
    Identity("kpis_equal_usage", True, {"mart_kpis_daily": _KPIS, "mart_usage": _USAGE}, _kpis_and_usage),
    Identity(
        "gaps_equal_usage",
        True,
        {"mart_feature_gaps": ("window_days", *_OUTCOMES), "mart_usage": _USAGE},
        _gaps_and_usage,
    ),
    Identity("dimensions_within_all", False, {"mart_usage": _USAGE}, _usage_dimensions),
    Identity("short_windows_within_long", False, {"mart_usage": _USAGE}, _usage_windows),
    Identity("services_within_all", False, {"mart_health_daily": _HEALTH}, _services),
    Identity(
        "errors_equal_failures",
        True,
        {
            "mart_feature_gap_errors": ("window_days", "intent", "failures"),
            "mart_feature_gaps": ("window_days", "intent", "failures"),
        },
        _gap_errors,
    ),
    Identity("health_within_kpis", False, {"mart_kpis_daily": _KPIS, "mart_health_daily": _HEALTH}, _health_and_kpis),
    Identity("kpi_quantiles_ordered", False, {"mart_kpis_daily": _KPIS}, _kpi_quantiles),
    Identity(
        "experiment_units_equal",
        True,
        {"mart_experiments": (*_ARM, "metric", "units"), "mart_experiment_units": (*_ARM, "dimension", "units")},
        _experiment_units,
    ),
    Identity("hours_equal_days", True, {"mart_health_hourly": _HOURS, "mart_health_daily": _HEALTH}, _hours_and_days),
    Identity(
        "failures_equal_hours",
        True,
        {"mart_failures_hourly": ("metric_hour", "failures"), "mart_health_hourly": _HOURS},
        _failures_and_hours,
    ),
    Identity(
        "impact_within_errors",
        False,
        {"mart_error_impact": ("fingerprint", "measured"), "mart_errors": ("fingerprint", "occurrences")},
        _impact_and_errors,
    ),
    Identity(
        "fix_cases_within_logged",
        False,
        {"mart_fix_cases": ("fingerprint", "failed", "logged")},
        _fix_cases_and_logged,
    ),
)
