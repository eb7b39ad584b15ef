from datetime import date

import pytest

from ratchet import cli, package_snapshots
from ratchet.contracts.packages import Argument, Capability, Example, Package, RunOfTests
from ratchet.home import Home

DAYS = [date(2026, 11, n) for n in range(1, 6)]


def package(day, *names, **parts):
    listed = tuple(Capability(n, "function", f"{n}()", arguments=(Argument("a", "any", "int", "1"),)) for n in names)
    return Package("assistant", day, 1, listed, **parts)


def newest(home, day):
    return [(now.day, before.day if before else None) for now, before in package_snapshots.newest(home, day)]


def test_what_was_written_is_read_again(tmp_path):
    home = Home(tmp_path)
    example = Example("test_a", "tests/test_a.py", 3, "a()")
    whole = Capability(
        "assistant.a", "function", "a()", "Do a.", "More.", (Argument("x", "list"),), "it", "a.py", 1, (example,)
    )
    looked = Package("assistant", DAYS[0], 2, (whole,), ("b.py:1: invalid syntax",), RunOfTests(3, 1, 0, ("c.py",)))
    package_snapshots.write(home, looked)
    assert package_snapshots.newest(home, DAYS[0]) == [(looked, None)]


def test_a_night_reads_the_newest_look_up_to_its_day_and_the_last_one_that_saw_other_signatures(tmp_path):
    home = Home(tmp_path)
    for day, names in zip(DAYS, (["a"], ["a", "b"], ["a", "b"], ["a", "b"]), strict=False):
        package_snapshots.write(home, package(day, *names))
    assert newest(home, date(2026, 10, 31)) == []
    assert newest(home, DAYS[0]) == [(DAYS[0], None)]
    assert newest(home, DAYS[1]) == [(DAYS[1], DAYS[0])]
    assert newest(home, DAYS[4]) == [(DAYS[3], DAYS[0])]


def test_a_look_takes_the_place_of_one_of_the_same_day(tmp_path):
    home = Home(tmp_path)
    package_snapshots.write(home, package(DAYS[0], "a"))
    package_snapshots.write(home, package(DAYS[0], "b"))
    ((now, before),) = package_snapshots.newest(home, DAYS[0])
    assert ([c.name for c in now.capabilities], before) == (["b"], None)


def test_the_command_says_what_it_read_and_what_it_left_out(tmp_path, capsys, caplog):
    root = tmp_path / "assistant"
    root.mkdir()
    odd = "Find.\n\n    Args:\n        text: what\n        other: nowhere\n        broken line\n    "
    (root / "tools.py").write_text(f'def search(text):\n    """{odd}"""\n')
    (root / "broken.py").write_text("def f(:")
    asked = ["docs", "--package", str(root), "--home", str(tmp_path / "home"), "--date", "2026-11-20"]
    assert cli.main(asked) == 0
    said = capsys.readouterr().out
    assert caplog.records == []
    assert "assistant: 1 file, 1 capability, 0 with an example" in said
    assert "left out, assistant/broken.py:1: invalid syntax" in said
    assert (tmp_path / "home" / "packages" / "assistant" / "2026-11-20.json").exists()


def test_a_package_that_does_not_parse_leaves_the_look_before_in_force(tmp_path, capsys):
    home = Home(tmp_path / "home")
    package_snapshots.write(home, package(DAYS[0], "a"))
    (tmp_path / "assistant.py").write_text("def f(:")
    assert cli.main(["docs", "--package", str(tmp_path / "assistant.py"), "--home", str(home.root)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ratchet: nothing in it parses: assistant.py:1: invalid syntax")
    assert said.count("\n") == 1
    assert newest(home, DAYS[4]) == [(DAYS[0], None)]


@pytest.mark.parametrize("wanted", [["--tests", "x"], ["--junit", "x"]])
def test_tests_and_their_result_belong_together(tmp_path, capsys, wanted):
    (tmp_path / "assistant.py").write_text("def f(): ...")
    assert cli.main(["docs", "--package", str(tmp_path / "assistant.py"), "--home", str(tmp_path / "h"), *wanted]) == 2
    assert "give both" in capsys.readouterr().err
