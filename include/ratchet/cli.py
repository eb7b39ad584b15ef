"""The command line: what it reads from the user. What a command does and says belongs to `commands.py`.

Exit codes: 0 done, 1 a night failed or is unhealthy, or an improvement was settled before, 2 wrong use or input.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ratchet import __version__
from ratchet import commands as does
from ratchet.errors import RatchetError
from ratchet.terminal import complain, one_line

_Moment = TypeVar("_Moment", bound=date)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, one_line(f"{self.prog}: {message} — see {self.prog} --help"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except RatchetError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        complain(f"{error.strerror or error}{place} — check the path, its rights and the room on its disk")
        return RatchetError.exit_code
    except KeyboardInterrupt:
        complain("stopped; nothing is half-written, run it again to go on")
        return 130


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
    _add_erase(commands)
    _add_validate_logs(commands)
    _add_sources(commands)
    _add_discover(commands)
    _add_docs(commands)
    contract = commands.add_parser("contract", help="print the event contract as JSON Schema")
    contract.set_defaults(command=does.contract)
    report = commands.add_parser("report", help="draw a night's report again from its results")
    report.add_argument("--date", type=_day, required=True, metavar="YYYY-MM-DD")
    _add_home(report)
    report.set_defaults(command=does.report)
    return parser


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=_path, metavar="DIR", help="where Ratchet keeps its state (RATCHET_HOME or ./home)"
    )


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="run nights in process, through the same steps as the DAG")
    run.add_argument("--from", dest="first", type=_day, metavar="YYYY-MM-DD", help="first night (the first landed day)")
    run.add_argument("--to", dest="last", type=_day, metavar="YYYY-MM-DD", help="last night (the newest landed day)")
    run.add_argument("--landing", metavar="DIR|URL", help="landing zone (that of the settings, or <home>/landing)")
    run.add_argument("--source", metavar="NAME", help="source that reads it (those of the settings, or native)")
    run.add_argument("--live", action="store_true", default=None, help="let this night decide and publish")
    _add_home(run)
    run.set_defaults(command=does.run)


def _add_sample_logs(commands: Any) -> None:
    sample = commands.add_parser("sample-logs", help="write believable logs with known truths beside them")
    sample.add_argument("--out", type=_path, required=True, metavar="DIR")
    sample.add_argument("--days", type=_count, default=14, metavar="N")
    sample.add_argument("--events-per-day", type=_count, default=5000, metavar="N")
    sample.add_argument("--seed", type=_seed, default=7, metavar="S")
    sample.add_argument("--end", type=_day, metavar="YYYY-MM-DD", help="last day (yesterday)")
    sample.set_defaults(command=does.sample_logs)


def _add_status(commands: Any) -> None:
    status = commands.add_parser("status", help="say how the application and the pipeline are; exit code 1 if not well")
    status.add_argument("--json", action="store_true")
    _add_home(status)
    status.set_defaults(command=does.status)


def _add_health(commands: Any) -> None:
    health = commands.add_parser("health", help="check the last hour against its objectives; exit code 1 if not well")
    health.add_argument(
        "--hour", type=_hour, metavar="YYYY-MM-DDTHH", help="an earlier hour (UTC); nothing is recorded"
    )
    health.add_argument("--landing", metavar="DIR|URL", help="landing zone (that of the settings, or <home>/landing)")
    health.add_argument("--source", metavar="NAME", help="source that reads it (those of the settings, or native)")
    health.add_argument("--json", action="store_true")
    _add_home(health)
    health.set_defaults(command=does.health)


def _add_backtest(commands: Any) -> None:
    back = commands.add_parser("backtest", help="how often each detector cried wolf, and would have missed")
    back.add_argument("--false-alarms", type=_share, default=0.01, metavar="SHARE", help="wanted, a night (0.01)")
    back.add_argument(
        "--planted", type=_times, default=3.0, metavar="TIMES", help="how fast a fault burns the budget (3)"
    )
    back.add_argument("--json", action="store_true")
    _add_home(back)
    back.set_defaults(command=does.backtest)


def _add_answers(commands: Any) -> None:
    for name, purpose in (
        ("approve", "let the next live night deploy an improvement"),
        ("reject", "refuse an improvement, so that nobody is asked again"),
        ("snooze", "ask about an improvement again later"),
    ):
        answer = commands.add_parser(name, help=purpose)
        answer.add_argument("id", metavar="ID", help="its id, or the beginning of it, as `ratchet status` shows it")
        answer.add_argument("--reason", default="", metavar="WHY", help="kept with the decision")
        if name == "snooze":
            answer.add_argument("--days", type=_count, metavar="N", help="nights without a question (7)")
            answer.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="ask again from this day on")
        _add_home(answer)
        answer.set_defaults(command=does.answer, answer=name, days=None, until=None)
    assign = commands.add_parser("assign", help="say who looks after an improvement; shown in report and message")
    assign.add_argument("id", metavar="ID", help="its id, or the beginning of it, as `ratchet status` shows it")
    assign.add_argument("--to", required=True, metavar="NAME", help="a person or a team; nobody takes it back")
    assign.add_argument("--reason", default="", metavar="WHY", help="kept with the decision")
    _add_home(assign)
    assign.set_defaults(command=does.assign)


def _add_erase(commands: Any) -> None:
    erase = commands.add_parser("erase", help="remove one unit's events and everything that was made of them")
    erase.add_argument("--unit", required=True, metavar="ID", help="user, session or trace, as it is logged")
    erase.add_argument("--yes", action="store_true", help="do it; without it only what would go is shown")
    _add_home(erase)
    erase.set_defaults(command=does.erase)


def _add_validate_logs(commands: Any) -> None:
    validate = commands.add_parser("validate-logs", help="dry run of the contract on your own files; writes nothing")
    validate.add_argument("path", metavar="PATH|URL")
    validate.add_argument("--source", default="native", metavar="NAME")
    validate.set_defaults(command=does.validate_logs)


def _add_sources(commands: Any) -> None:
    sources = commands.add_parser("sources", help="list the log formats that can be read, or try one on your own file")
    sources.set_defaults(command=does.sources)
    check = sources.add_subparsers(metavar="check").add_parser(
        "check", help="show what the first ten records of a file become, and which fields come nowhere"
    )
    check.add_argument("name", metavar="NAME", help="a source, or the path of a folder of your own")
    check.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="a file, or a folder of which the first is read (a table: its newest rows)",
    )
    check.set_defaults(command=does.check_source)


def _add_discover(commands: Any) -> None:
    discover = commands.add_parser("discover", help="look at the connected APIs; asks for specifications only")
    discover.add_argument("names", nargs="*", metavar="NAME", help="APIs of apis.yaml (all)")
    discover.add_argument("--probe", action="store_true", help="try GET and HEAD operations, within each API's budget")
    discover.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the night that reads it (yesterday's)")
    _add_home(discover)
    discover.set_defaults(command=does.discover)


def _add_docs(commands: Any) -> None:
    docs = commands.add_parser(
        "docs", help="read your own package for the documentation, or draw the pages of the marts"
    )
    docs.add_argument("--package", type=_path, metavar="PATH", help="the folder that is imported; nothing in it is run")
    docs.add_argument(
        "--marts", action="store_true", help="draw every mart, its columns, tests and readers, on the shelf"
    )
    docs.add_argument("--tests", type=_path, metavar="PATH", help="its tests, for examples; with --junit")
    docs.add_argument("--junit", type=_path, metavar="FILE", help="which of them passed: pytest --junitxml=FILE")
    docs.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="the night that reads it (yesterday's)")
    _add_home(docs)
    docs.set_defaults(command=does.docs)


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a path")
    return Path(text)


def _day(text: str) -> date:
    try:
        return _believable(date.fromisoformat(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20") from None


def _believable(moment: _Moment) -> _Moment:
    if moment.year < 2000:
        raise ValueError("before any log")
    return moment


def _hour(text: str) -> datetime:
    try:
        return _believable(datetime.strptime(text, "%Y-%m-%dT%H"))  # noqa: DTZ007 -- UTC without a zone, as hours are kept
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


def _times(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not float(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, such as 3")
    return float(text)


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
