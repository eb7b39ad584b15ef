import re

import pytest

from ratchet import cli, commands, terminal
from ratchet.errors import HomeBusyError, RatchetError, StepFailedError


@pytest.mark.parametrize(("error", "code"), [(RatchetError, 2), (HomeBusyError, 2), (StepFailedError, 1)])
def test_an_error_is_one_line_and_its_exit_code(monkeypatch, capsys, error, code):
    def fail(options):
        raise error("it broke", where="here", way_out="mend it")

    monkeypatch.setattr(commands, "contract", fail)
    assert cli.main(["contract"]) == code
    assert capsys.readouterr().err == "ratchet: it broke (here) — mend it\n"


def test_what_could_drive_a_terminal_is_shown_as_text(capsys):
    terminal.say("a\x1b[31mred\x07 \u202eright to left\nnext")
    assert capsys.readouterr().out == "a\\x1b[31mred\\x07 \\x202eright to left\nnext\n"


@pytest.mark.parametrize(
    "command",
    [
        *(("status",), ("status", "--json"), ("health",), ("health", "--landing", "."), ("backtest",)),
        *(("report", "--date", "2026-11-20"), ("approve", "abc"), ("reject", "abc"), ("snooze", "abc")),
        *(("assign", "abc", "--to", "ann"), ("erase", "--unit", "u-1"), ("docs", "--marts")),
    ],
    ids=" ".join,
)
def test_a_home_that_is_not_there_is_told_and_not_made(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command, "--home", "typo"]) == 2
    assert capsys.readouterr() == (
        "",
        f"ratchet: there is no home ({tmp_path / 'typo'}) — name another, --home DIR, or make one: ratchet run\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "typed",
    [
        *(("run", "\x1b[31mred\x07\nnext"), ("run", "\u202eleft"), ("no\nsuch",), ("report", "--date", "\x1b[2J")),
        *(("report", "--date", "0001-01-01"), ("run", "--from", "0026-11-20"), ("health", "--hour", "0026-11-20T13")),
        *(("erase", "--unit", "u-1", "--home", ""), ("sample-logs", "--out", ""), ("docs", "--package", " ")),
        *(("status", "--home", "x" * 300), ("validate-logs", "x" * 300), ("sources", "check", "otlp", "nowhere.json")),
        *(("discover", "--date", "2999-01-01"), ("docs", "--package", ".", "--date", "2999-01-01")),
        *(("sample-logs", "--out", "x", "--days", n) for n in ("²", "-1", "0", "9" * 60)),
        *(("sample-logs", "--out", "x", "--seed", s) for s in ("x", "", "1.5")),
        *(("backtest", "--planted", n) for n in ("0", "-1", "nan", "inf", "1e400")),
    ],
    ids=ascii,
)
def test_what_is_typed_wrong_is_one_line_that_drives_no_terminal_and_writes_nothing(
    tmp_path, monkeypatch, capsys, typed
):
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(typed)
    except SystemExit as left:
        code = left.code
    told = capsys.readouterr()
    assert (code, told.out, len(told.err.splitlines())) == (2, "", 1)
    assert told.err.startswith("ratchet")
    assert " — " in told.err
    assert told.err.rstrip("\n").isprintable()
    assert list(tmp_path.iterdir()) == []


def test_logs_of_ones_own_never_meet_those_of_the_demo(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("demo/landing", "my-logs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "demo" / "landing" / "truth.json").write_text("{}", "utf-8")
    for landing in ("my-logs", "s3://bucket/logs"):
        assert cli.main(["run", "--landing", landing, "--home", "demo"]) == 2
        told = capsys.readouterr().err
        assert "sample logs, which would count together with yours" in told
        assert "--home my-home" in told
    assert not (tmp_path / "demo" / "bronze").exists()
    assert cli.main(["run", "--landing", "demo/landing", "--home", "demo"]) == 2
    assert "nothing has landed" in capsys.readouterr().err


def test_every_command_is_in_the_readme():
    from ratchet.settings import PROJECT_ROOT

    usage = cli._parser().format_help()
    readme = (PROJECT_ROOT / "README.md").read_text()
    commands = re.findall(r"^    ([a-z-]+)(?: |$)", usage, re.MULTILINE)
    assert len(commands) >= 6
    assert [c for c in commands if f"ratchet {c}" not in readme] == []


def test_every_setting_is_in_the_docs():
    from ratchet.settings import PROJECT_ROOT, Settings

    page = (PROJECT_ROOT / "docs" / "settings.md").read_text()
    families = {"timeout_": "`timeout_*_s`", "batch_size_": "`batch_size_*`", "concurrency_": "`concurrency_*`"}
    families["calls_per_minute_"] = "`calls_per_minute_*`"
    families["breaker_"] = "`breaker_*`"
    for name in Settings.model_fields:
        documented = next((label for prefix, label in families.items() if name.startswith(prefix)), f"`{name}`")
        assert documented in page, name
