"""What is written: the same bytes whatever the order, clean for the tools, and never a word of the log as code."""

import ast
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.unit.fixing import DAY, finding, result
from tests.unit.generate.families import test_mending as mending
from tests.unit.generate.families import test_repeating as repeating

from ratchet.contracts.fixes import Fix
from ratchet.generate.families import FAMILIES
from ratchet.generate.families.templates import missing_parameter
from ratchet.generate.families.written import literal, written
from ratchet.generate.fixes import generate_fixes
from ratchet.validate import allowlist

WORLDS = {row[0]: row[1] for row in mending.SAVED} | {
    family: (lambda family=family: repeating.world(family)) for family in repeating.CASES
}
HOSTILE = [
    "'\"\"\"'''\\",
    "{params!r} %s {0.__class__}",
    "__import__('os').system('touch /tmp/owned')",
    "a\nimport os\nos.abort()",
    "nul\0byte",
    "\u202eright to left\u2066",
    "\ud800",
    "<script>alert(1)</script>",
    "x" * 1_000_000,
]


@pytest.fixture(scope="module")
def fixes():
    return {family: make().fix() for family, make in WORLDS.items()}


def test_there_is_a_world_for_every_family(fixes):
    assert set(fixes) == {family.name for family in FAMILIES}
    assert {name: fix.family for name, fix in fixes.items()} == {name: name for name in fixes}


@pytest.mark.parametrize("family", WORLDS)
def test_the_same_cases_give_the_same_bytes_in_any_order(family, fixes):
    world = WORLDS[family]()
    rows = world.frame().sample(frac=1, random_state=5)
    (fix,) = generate_fixes(result(world.error), rows, DAY).fixes
    assert (fix.source, fix.test, fix.evidence) == (fixes[family].source, fixes[family].test, fixes[family].evidence)


def test_what_is_written_may_run_in_the_sandbox(fixes):
    for fix in fixes.values():
        assert allowlist.check(fix.source) == []
        assert allowlist.check(fix.test, ("fix",)) == []


@pytest.mark.slow
def test_what_is_written_is_formatted_linted_and_typed(fixes, tmp_path):
    for family, fix in fixes.items():
        folder = tmp_path / family
        folder.mkdir()
        (folder / "fix.py").write_text(fix.source, "utf-8")
        (folder / "test_fix.py").write_text(fix.test, "utf-8")
        (tmp_path / f"fix_{family}.py").write_text(fix.source, "utf-8")
        test = fix.test.replace("\nimport fix\n", f"\nimport fix_{family} as fix\n")
        (tmp_path / f"test_{family}.py").write_text(test, "utf-8")
    folders = sorted(fixes)
    for width in ("88", "120"):
        tool(tmp_path, "ruff", "format", "--isolated", "--check", "--line-length", width, *folders)
    rules = "E,F,W,I,B,C4,C90,D,DTZ,G,PTH,T20,BLE,UP,SIM,RUF,PIE,RET,S,N,PT,ERA"
    ignored = "S101,S311,D105,D107,D203,D212,D213,D413"
    tool(tmp_path, "ruff", "check", "--isolated", "--select", rules, "--ignore", ignored, *folders)
    tool(tmp_path, "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *map(str, tmp_path.glob("*.py")))


def tool(folder, *command):
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_only_ever_a_literal(text):
    assert ast.literal_eval(literal(text)) == text
    assert ast.literal_eval(literal([("a", text)])) == [("a", text)]
    assert literal(text).isascii()
    assert literal(text).count('"') == 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("family", WORLDS)
def test_a_hostile_log_changes_no_line_of_code(family, text, fixes):
    world = WORLDS[family]()
    said = text if len(text) < 1000 else text[:5000]
    for rows in (world.failures, world.successes):
        for n, row in enumerate(rows):
            params = {said: said, **row.get("params", {}), "free": said}
            rows[n] = {**row, "params": params, "case_id": f"{said[:100]}{n}"}
    world.message = f"{world.message} {said}"
    world.error = replace(world.error, message_template=f"{world.error.message_template} {said}", culprit=said)
    made = world.made()
    if isinstance(made, Fix):
        assert functions(made.source) == functions(fixes[family].source)
        assert functions(made.test) == functions(fixes[family].test)
        assert said not in made.source


def functions(source):
    return [ast.dump(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_of_a_class_or_an_operation_is_declined(text):
    limited = finding(f"RateLimitError{text}", "", (429,))
    assert not isinstance(replaced(error=limited), Fix)
    assert not isinstance(replaced(operation=text), Fix)


def replaced(**changed):
    world = repeating.world("rate_limit")
    if "operation" in changed:
        world.failures = [{**row, **changed} for row in world.failures]
    world.error = changed.get("error", world.error)
    return world.made()


@pytest.mark.parametrize(
    "value", [float("nan"), {"a": 1}, [[1]], b"x", ("one",), object()], ids=lambda value: type(value).__name__
)
def test_what_is_no_plain_value_is_refused(value):
    with pytest.raises(ValueError, match="no plain value"):
        literal(value)


def test_a_docstring_takes_our_own_words_only_and_a_template_only_its_constants():
    with pytest.raises(ValueError, match="docstring"):
        written([missing_parameter], ('"""',), {})
    with pytest.raises(ValueError, match="no constant"):
        written([missing_parameter], ("Does.",), {"OTHER": 1})
