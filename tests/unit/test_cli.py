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
