"""The command line: what it reads from the user, and what it says.

Every command prints what it did and where it wrote. Work is done in `nights.py`, `steps/` and the packages.
Exit codes: 0 done, 1 a night failed or is unhealthy, or an improvement was settled before, 2 wrong use or input.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pwd
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from ratchet import __version__
from ratchet.errors import RatchetError

ANSWER_WITHIN_S = 30.0  # how long an answer waits for a step of a night to end


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} — see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except RatchetError as error:
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        _complain("stopped; nothing is half-written, run it again to go on")
        return 130


def say(text: str = "") -> None:
    """Print a line; control characters, which could drive a terminal, are shown as escapes."""
    sys.stdout.write(_safe(text) + "\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"ratchet: {_safe(text)}\n")


def _safe(text: str) -> str:
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else f"\\x{ord(c):02x}" for c in text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ratchet", description="Turns an AI application's logs into measured improvements.")
    parser.add_argument("--version", action="version", version=f"ratchet {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_run(commands)
    _add_sample_logs(commands)
    _add_status(commands)
    _add_health(commands)
    _add_backtest(commands)
    _add_answers(commands)
    _add_validate_logs(commands)
    _add_sources(commands)
    _add_discover(commands)
    _add_docs(commands)
    contract = commands.add_parser("contract", help="print the event contract as JSON Schema")
    contract.set_defaults(command=_contract)
    report = commands.add_parser("report", help="draw a night's report again from its results")
    report.add_argument("--date", type=_day, required=True, metavar="YYYY-MM-DD")
    _add_home(report)
    report.set_defaults(command=_report)
    return parser


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="where Ratchet keeps its state (RATCHET_HOME or ./home)"
    )


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="run nights in process, through the same steps as the DAG")
    run.add_argument("--from", dest="first", type=_day, metavar="YYYY-MM-DD", help="first night (the first landed day)")
    run.add_argument("--to", dest="last", type=_day, metavar="YYYY-MM-DD", help="last night (the newest landed day)")
    run.add_argument("--landing", metavar="DIR|URL", help="landing zone (that of the settings, or <home>/landing)")
    run.add_argument("--source", metavar="NAME", help="source that reads it (those of the settings, or native)")
    run.add_argument("--live", action="store_true", default=None, help="let this night decide and publish")
    _add_home(run)
    run.set_defaults(command=_run)


def _add_sample_logs(commands: Any) -> None:
    sample = commands.add_parser("sample-logs", help="write believable logs with known truths beside them")
    sample.add_argument("--out", type=Path, required=True, metavar="DIR")
    sample.add_argument("--days", type=_count, default=14, metavar="N")
    sample.add_argument("--events-per-day", type=_count, default=5000, metavar="N")
    sample.add_argument("--seed", type=int, default=7, metavar="S")
    sample.add_argument("--end", type=_day, metavar="YYYY-MM-DD", help="last day (yesterday)")
    sample.set_defaults(command=_sample_logs)


def _add_status(commands: Any) -> None:
    status = commands.add_parser("status", help="say how the application and the pipeline are; exit code 1 if not well")
    status.add_argument("--json", action="store_true")
    _add_home(status)
    status.set_defaults(command=_status)


def _add_health(commands: Any) -> None:
    health = commands.add_parser("health", help="check the last hour against its objectives; exit code 1 if not well")
    health.add_argument(
        "--hour", type=_hour, metavar="YYYY-MM-DDTHH", help="an earlier hour (UTC); nothing is recorded"
    )
    health.add_argument("--landing", metavar="DIR|URL", help="landing zone (that of the settings, or <home>/landing)")
    health.add_argument("--source", metavar="NAME", help="source that reads it (those of the settings, or native)")
    health.add_argument("--json", action="store_true")
    _add_home(health)
    health.set_defaults(command=_health)


def _add_backtest(commands: Any) -> None:
    back = commands.add_parser("backtest", help="how often the detectors of health cried wolf, and would have missed")
    back.add_argument("--false-alarms", type=_share, default=0.01, metavar="SHARE", help="wanted, a night (0.01)")
    back.add_argument(
        "--planted", type=float, default=3.0, metavar="TIMES", help="how fast a fault burns the budget (3)"
    )
    back.add_argument("--json", action="store_true")
    _add_home(back)
    back.set_defaults(command=_backtest)


def _add_answers(commands: Any) -> None:
    for name, does in (
        ("approve", "let the next live night deploy an improvement"),
        ("reject", "refuse an improvement, so that nobody is asked again"),
        ("snooze", "ask about an improvement again later"),
    ):
        answer = commands.add_parser(name, help=does)
        answer.add_argument("id", metavar="ID", help="its id, or the beginning of it, as `ratchet status` shows it")
        answer.add_argument("--reason", default="", metavar="WHY", help="kept with the decision")
        if name == "snooze":
            answer.add_argument("--days", type=_count, metavar="N", help="nights without a question (7)")
        _add_home(answer)
        answer.set_defaults(command=_answer, answer=name, days=None)


def _add_validate_logs(commands: Any) -> None:
    validate = commands.add_parser("validate-logs", help="dry run of the contract on your own files; writes nothing")
    validate.add_argument("path", type=Path)
    validate.add_argument("--source", default="native", metavar="NAME")
    validate.set_defaults(command=_validate_logs)


def _add_sources(commands: Any) -> None:
    sources = commands.add_parser("sources", help="list the log formats that can be read, or try one on your own file")
    sources.set_defaults(command=_sources)
    check = sources.add_subparsers(metavar="check").add_parser(
        "check", help="show what the first ten records of a file become, and which fields come nowhere"
    )
    check.add_argument("name", metavar="NAME", help="a source, or the path of a folder of your own")
    check.add_argument("path", metavar="PATH", help="a file, or a folder of which the first file is read")
    check.set_defaults(command=_check_source)


def _add_discover(commands: Any) -> None:
    discover = commands.add_parser("discover", help="look at the connected APIs; asks for specifications only")
    discover.add_argument("names", nargs="*", metavar="NAME", help="APIs of apis.yaml (all)")
    discover.add_argument("--probe", action="store_true", help="try GET and HEAD operations, within each API's budget")
    discover.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the night that reads it (yesterday's)")
    _add_home(discover)
    discover.set_defaults(command=_discover)


def _add_docs(commands: Any) -> None:
    docs = commands.add_parser("docs", help="read your own package for the documentation; nothing in it is run")
    docs.add_argument("--package", type=Path, required=True, metavar="PATH", help="the folder that is imported")
    docs.add_argument("--tests", type=Path, metavar="PATH", help="its tests, for examples; with --junit")
    docs.add_argument("--junit", type=Path, metavar="FILE", help="which of them passed: pytest --junitxml=FILE")
    docs.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the night that reads it (yesterday's)")
    _add_home(docs)
    docs.set_defaults(command=_docs)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20") from None


def _hour(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H")  # noqa: DTZ007 -- UTC without a zone, as hours are kept
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an hour such as 2026-11-20T13") from None


def _share(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share such as 0.01")
    return found


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ratchet import nights
    from ratchet.night import Night

    night = Night.from_environment(home=options.home, source=options.source, landing=options.landing, live=options.live)
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


def _night_line(outcome: Any) -> str:
    summary = outcome.summaries.get("report", {})
    headline = summary.get("headline", "no report was written")
    problems = "".join(f"\n    {name} failed: {error}" for name, error in outcome.failures.items())
    return f"{outcome.day}  {headline}{problems}"


def _sample_logs(options: argparse.Namespace) -> int:
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


def _status(options: argparse.Namespace) -> int:
    from ratchet import status
    from ratchet.night import Night

    found = status.read(Night.from_environment(home=options.home))
    say(json.dumps(found.as_dict(), indent=1, ensure_ascii=False) if options.json else found.in_words())
    return 0 if found.well else 1


def _health(options: argparse.Namespace) -> int:
    from ratchet import hourly
    from ratchet.night import Night

    night = Night.from_environment(home=options.home, source=options.source, landing=options.landing)
    now = datetime.now(UTC)
    end = options.hour + timedelta(hours=1) if options.hour else hourly.newest(now)
    found = hourly.run(night, end, now)
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


def _backtest(options: argparse.Namespace) -> int:
    from ratchet import backtests
    from ratchet.night import Night

    found = backtests.run(Night.from_environment(home=options.home), options.false_alarms, options.planted)
    said = json.dumps(found.as_record(), indent=1, ensure_ascii=False) if options.json else backtests.in_words(found)
    say(said)
    return 0


def _answer(options: argparse.Namespace) -> int:
    from ratchet.deploy import approvals
    from ratchet.night import Night

    night = Night.from_environment(home=options.home)
    reply = approvals.Reply(options.id, approvals.Answer(options.answer), _account(), options.reason, options.days)
    made = approvals.record(night.home, reply, night.settings.approvers, wait_s=ANSWER_WITHIN_S)
    until = f" until {made.facts['until']}" if made.facts else ""
    say(f"{made.improvement_id} is {made.decision}{until}, in force from the night of {made.effective_date} on")
    say(f"Recorded in {night.home.decisions / f'{made.effective_date}.jsonl'} under the name {made.actor}")
    return 0


def _account() -> str:
    """Return the name of the account that this process runs as; the environment cannot change it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account without a name, as containers have them
        return f"uid {os.geteuid()}"


def _validate_logs(options: argparse.Namespace) -> int:
    from ratchet.log import validate

    verdict = validate.validate(options.path, source=options.source, today=datetime.now(UTC).date())
    say(verdict.in_words())
    return 1 if verdict.refused else 0


def _sources(options: argparse.Namespace) -> int:
    from ratchet.log.sources import load_source, shipped_sources

    for source in map(load_source, shipped_sources()):
        say(f"{source.name}\n  {source.description}\n  fills: {', '.join(source.mappings) or 'every stream'}")
    say("Try one on your own file: ratchet sources check NAME PATH")
    return 0


def _check_source(options: argparse.Namespace) -> int:
    from ratchet.log import sampling, validate
    from ratchet.log.sources import load_source

    today = datetime.now(UTC).date()
    verdict = validate.validate(options.path, source=options.name, today=today)
    source = load_source(options.name)
    if source.is_mapped:
        say(sampling.sample(validate.files(options.path, source, options.name)[0], source, today).in_words() + "\n")
    say(verdict.in_words())
    return 1 if verdict.refused or not verdict.totals["loaded"] else 0


def _discover(options: argparse.Namespace) -> int:
    from ratchet import api_discovery, connected_apis
    from ratchet.night import Night
    from ratchet.settings import config_folder

    night = Night.from_environment(home=options.home)
    connected = api_discovery.chosen(connected_apis.load(config_folder()), options.names)
    if not connected:
        say(f"No API is connected: see docs/apis.md, then name one in {config_folder() / connected_apis.APIS_FILE}")
        return 0
    day = options.date or night.today - timedelta(days=1)
    for snapshot in api_discovery.discover(night.home, connected, day, probe=options.probe):
        say(api_discovery.in_words(snapshot))
    say(f"Snapshots: {night.home.apis}, read by the night of {day} and later ones")
    return 0


def _docs(options: argparse.Namespace) -> int:
    from ratchet import package_snapshots
    from ratchet.document.look import look
    from ratchet.night import Night

    night = Night.from_environment(home=options.home)
    found = look(options.package, options.date or night.today - timedelta(days=1), options.tests, options.junit)
    path = package_snapshots.write(night.home, found)
    shown = sum(bool(each.examples) for each in found.capabilities)
    files = "1 file" if found.files == 1 else f"{found.files:,} files"
    listed = "1 capability" if len(found.capabilities) == 1 else f"{len(found.capabilities):,} capabilities"
    say(f"{found.name}: {files}, {listed}, {shown:,} with an example from tests that passed")
    for problem in found.problems:
        say(f"left out, {problem}")
    say(f"Kept in {path}, read by the night of {found.day} and later ones")
    return 0


def _contract(options: argparse.Namespace) -> int:
    from ratchet.contracts.schema import contract_schema

    say(json.dumps(contract_schema(), indent=1, ensure_ascii=False))
    return 0


def _report(options: argparse.Namespace) -> int:
    from ratchet import steps
    from ratchet.night import Night

    night = Night.from_environment(options.date, home=options.home)
    with night.home.lock():
        summary = steps.redraw(night)
    say(f"{summary['headline']}\n{summary['report']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
