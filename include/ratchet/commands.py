"""What each command of the command line does; every one says what it did and where it wrote, and returns its exit code.

What the user may type belongs to `cli.py`. Work is done in `nights.py`, `steps/` and the packages, imported where a
command needs them, so that the others start quickly.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.errors import HomeMissingError, LandingError, RatchetError
from ratchet.terminal import say

if TYPE_CHECKING:
    from ratchet.log.sources import Source
    from ratchet.night import Night

ANSWER_WITHIN_S = 30.0  # how long an answer waits for a step of a night to end


def run(options: argparse.Namespace) -> int:
    """Run nights, one after the other."""
    from tqdm import tqdm

    from ratchet import nights, steps
    from ratchet.night import Night

    night = Night.from_environment(home=options.home, source=options.source, landing=options.landing, live=options.live)
    _refuse_beside_samples(night, options.landing)
    with night.home.lock():
        steps.land_tables(night, options.last or night.today)
    days = nights.days_to_run(night, options.first, options.last)
    failed: list[RatchetError] = []
    with tqdm(total=len(days) * len(nights.PLAN), unit="step", disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(day: date, step: str) -> None:
            bar.set_description(f"{day} {step}")
            bar.update()

        for outcome in nights.run_nights(night, days, progress):
            bar.clear()
            say(_night_line(outcome))
            failed.extend(outcome.failures.values())
    say(f"Reports: {night.home.root / 'artifacts'}")
    say(f"Open the newest: {night.home.artifacts(days[-1]) / 'report.html'}")
    return failed[0].exit_code if failed else 0


def _refuse_beside_samples(night: Night, landing: str | None) -> None:
    """Refuse a landing zone of one's own in the home of `make demo`: both would be counted together.

    Raises:
        LandingError: if the home holds sample logs.
    """
    samples = night.home.landing / "truth.json"
    if landing is not None and samples.exists() and Path(landing).absolute() != night.home.landing:
        raise LandingError(
            "this home holds sample logs, which would count together with yours",
            where=str(samples),
            way_out="give yours a home of their own: export RATCHET_HOME=my-home, or --home my-home",
        )


def _night_line(outcome: Any) -> str:
    summary = outcome.summaries.get("report", {})
    headline = summary.get("headline", "no report was written")
    problems = "".join(f"\n    {name} failed: {error}" for name, error in outcome.failures.items())
    return f"{outcome.day}  {headline}{problems}"


def sample_logs(options: argparse.Namespace) -> int:
    """Write sample logs."""
    from ratchet import samples

    end = options.end or datetime.now(UTC).date() - timedelta(days=1)
    if options.out.exists() and any(options.out.iterdir()):
        raise RatchetError(
            "the folder is not empty", where=str(options.out), way_out="name a new folder, or remove the old logs first"
        )
    truth = samples.write(options.out, options.days, options.events_per_day, options.seed, end)
    first = end - timedelta(days=options.days - 1)
    say(f"Wrote {truth['totals']['lines']:,} lines, {first} to {end}, to {options.out}")
    say(f"What was planted in them is in {options.out / 'truth.json'}")
    return 0


def _there(night: Night) -> Night:
    """Return a night whose home is there: a command that reads or decides makes none.

    Raises:
        HomeMissingError: if there is none.
    """
    if not night.home.root.is_dir():
        raise HomeMissingError(
            "there is no home", where=str(night.home.root), way_out="name another, --home DIR, or make one: ratchet run"
        )
    return night


def status(options: argparse.Namespace) -> int:
    """Say how the application and the pipeline are."""
    from ratchet import status
    from ratchet.night import Night

    found = status.read(_there(Night.from_environment(home=options.home)))
    say(json.dumps(found.as_dict(), indent=1, ensure_ascii=False) if options.json else found.in_words())
    return 0 if found.well else 1


def health(options: argparse.Namespace) -> int:
    """Check an hour."""
    from ratchet import hourly
    from ratchet.log.recent import readable
    from ratchet.night import Night

    night = _there(Night.from_environment(home=options.home, source=options.source, landing=options.landing))
    asked = options.source is not None or options.landing is not None
    if asked:
        readable(night.sources)  # a slip of the pen is no incident
    now = datetime.now(UTC)
    end = options.hour + timedelta(hours=1) if options.hour else hourly.newest(now)
    found = hourly.run(night, end, now, asked=asked)
    if options.json:
        say(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        say(f"{found['hour']}  {found['status']}: {found['reason']}")
        for alert in found["alerts"]:
            of = " of ".join(name for name in (alert["objective"], alert["service"]) if name)
            say(f"  {alert['severity']} {alert['kind']}{f' ({of})' if of else ''}: {alert['reason']}")
        for name in found["rolled_back"]:
            say(f"  rolled back: {name}")
    return 0 if found["status"] == "healthy" and not found["problems"] else 1


def backtest(options: argparse.Namespace) -> int:
    """Say how often detectors are wrong."""
    from ratchet import backtests
    from ratchet.night import Night

    found = backtests.run(_there(Night.from_environment(home=options.home)), options.false_alarms, options.planted)
    said = json.dumps(found.as_record(), indent=1, ensure_ascii=False) if options.json else backtests.in_words(found)
    say(said)
    return 0


def answer(options: argparse.Namespace) -> int:
    """Record what a person answers."""
    from ratchet.deploy import approvals
    from ratchet.night import Night

    night = _there(Night.from_environment(home=options.home))
    said = approvals.Answer(options.answer)
    reply = approvals.Reply(options.id, said, account(), options.reason, options.days, options.until)
    made = approvals.record(night.home, reply, night.settings.approvers, wait_s=ANSWER_WITHIN_S)
    until = f" until {made.facts['until']}" if made.facts else ""
    _say_recorded(night, made, until)
    return 0


def assign(options: argparse.Namespace) -> int:
    """Record who looks after an improvement."""
    from ratchet.deploy import approvals
    from ratchet.night import Night

    night = _there(Night.from_environment(home=options.home))
    allowed = night.settings.approvers
    made = approvals.assign(
        night.home, options.id, options.to, account(), allowed, options.reason, wait_s=ANSWER_WITHIN_S
    )
    _say_recorded(night, made, f" to {made.facts['to'] or approvals.NOBODY}")
    return 0


def _say_recorded(night: Any, made: Any, what: str) -> None:
    say(f"{made.improvement_id} is {made.decision}{what}, in force from the night of {made.effective_date} on")
    say(f"Recorded in {night.home.decisions / f'{made.effective_date}.jsonl'} under the name {made.actor}")


def erase(options: argparse.Namespace) -> int:
    """Remove one unit's events."""
    from tqdm import tqdm

    from ratchet import erasing
    from ratchet.night import Night

    night = _there(Night.from_environment(home=options.home))
    plan = erasing.plan(night, options.unit)
    say(plan.in_words())
    if not options.yes:
        say("Nothing was changed. To do it: ratchet erase --unit ID --yes")
        return 0
    with tqdm(total=len(plan.nights), unit="night", disable=not sys.stderr.isatty(), leave=False) as bar:
        done = erasing.erase(night, options.unit, plan, lambda: bool(bar.update()))
    say(done.in_words())
    return 1 if done.left or done.failed else 0


def account() -> str:
    """Return the name of the account that this process runs as; the environment cannot change it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account without a name, as containers have them
        return f"uid {os.geteuid()}"


def validate_logs(options: argparse.Namespace) -> int:
    """Hold files against the contract."""
    from ratchet.log import validate

    verdict = validate.validate(options.path, source=options.source, today=datetime.now(UTC).date())
    say(verdict.in_words())
    return 1 if verdict.refused else 0


def sources(options: argparse.Namespace) -> int:
    """List the sources."""
    from ratchet.log.sources import load_source, shipped_sources

    for source in map(load_source, shipped_sources()):
        say(f"{source.name}\n  {source.description}\n  fills: {', '.join(source.mappings) or 'every stream'}")
    say("Try one on your own file: ratchet sources check NAME PATH")
    return 0


def check_source(options: argparse.Namespace) -> int:
    """Show what the first records of a file become."""
    from ratchet.log import sampling, validate
    from ratchet.log.sources import load_source

    today = datetime.now(UTC).date()
    source = load_source(options.name)
    with _path_or_rows(options.path, source, today) as path:
        verdict = validate.validate(path, source=options.name, today=today)
        if source.is_mapped:
            say(sampling.sample(validate.files(path, source, options.name)[0], source, today).in_words() + "\n")
    say(verdict.in_words())
    return 1 if verdict.refused or not verdict.totals["loaded"] else 0


@contextmanager
def _path_or_rows(path: str | None, source: Source, today: date) -> Iterator[str]:
    """Give the path to look at; without one, rows of the source's table in a temporary file."""
    if path is not None:
        yield path
        return
    if source.table is None:
        raise RatchetError("no file to look at", way_out=f"ratchet sources check {source.name} PATH")
    from ratchet.log.tables.land import sampled
    from ratchet.log.tables.settings import from_environment

    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        yield str(sampled(source, Path(folder), from_environment, today))


def discover(options: argparse.Namespace) -> int:
    """Look at the connected APIs."""
    from ratchet import api_discovery, connected_apis
    from ratchet.night import Night
    from ratchet.settings import config_folder

    night = Night.from_environment(home=options.home)
    day = night.on(options.date or night.today - timedelta(days=1)).day
    connected = api_discovery.chosen(connected_apis.load(config_folder()), options.names)
    if not connected:
        say(f"No API is connected: see docs/apis.md, then name one in {config_folder() / connected_apis.APIS_FILE}")
        return 0
    for snapshot in api_discovery.discover(night.home, connected, day, probe=options.probe):
        say(api_discovery.in_words(snapshot))
    say(f"Snapshots: {night.home.apis}, read by the night of {day} and later ones")
    return 0


def docs(options: argparse.Namespace) -> int:
    """Look at a package, or draw the pages of the marts."""
    if not options.marts and options.package is None:
        raise RatchetError(
            "nothing was asked for", way_out="--package PATH for your own package, --marts for the marts"
        )
    return max(_draw_marts(options) if options.marts else 0, _look(options) if options.package is not None else 0)


def _draw_marts(options: argparse.Namespace) -> int:
    from ratchet import marts, shelf
    from ratchet.night import Night
    from ratchet.shelf.cards import cards

    home = _there(Night.from_environment(home=options.home)).home
    found = cards(home)
    if not home.warehouse.exists() or not found:
        raise RatchetError("no night has run in this home", where=str(home.root), way_out="ratchet run")
    with home.lock():
        page = marts.draw_docs(home)
        index = shelf.write(home, found[-1].day)
    say(f"Drawn: {page}, linked from {index}")
    return 0


def _look(options: argparse.Namespace) -> int:
    from ratchet import package_snapshots
    from ratchet.document.look import look
    from ratchet.night import Night

    night = Night.from_environment(home=options.home)
    day = night.on(options.date or night.today - timedelta(days=1)).day
    found = look(options.package, day, options.tests, options.junit)
    path = package_snapshots.write(night.home, found)
    shown = sum(bool(each.examples) for each in found.capabilities)
    files = "1 file" if found.files == 1 else f"{found.files:,} files"
    listed = "1 capability" if len(found.capabilities) == 1 else f"{len(found.capabilities):,} capabilities"
    say(f"{found.name}: {files}, {listed}, {shown:,} with an example from tests that passed")
    for problem in found.problems:
        say(f"left out, {problem}")
    say(f"Kept in {path}, read by the night of {found.day} and later ones")
    return 0


def contract(options: argparse.Namespace) -> int:
    """Print the contract."""
    from ratchet.contracts.schema import contract_schema

    say(json.dumps(contract_schema(), indent=1, ensure_ascii=False))
    return 0


def report(options: argparse.Namespace) -> int:
    """Draw a report again."""
    from ratchet import steps
    from ratchet.night import Night

    night = _there(Night.from_environment(home=options.home)).on(options.date)
    with night.home.lock():
        summary = steps.redraw(night)
    say(f"{summary['headline']}\n{summary['report']}")
    return 0
