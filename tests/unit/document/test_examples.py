import textwrap
from datetime import date

import pytest

from ratchet.document.look import look
from ratchet.errors import PackageError

DAY = date(2026, 11, 20)
TOOLS = """
class Index:
    def __init__(self, name): ...
    def query(self, text): ...

def search(text): ...
def create(title): ...
def never(): ...
"""
TESTS = """
import pytest
import assistant
from assistant import tools as t
from assistant.tools import Index, search as find

def test_search():
    word = "pay"
    assert find(word) is None

@pytest.mark.parametrize("n", [1, 2])
def test_cases(n):
    t.create(n)

class TestIndex:
    def test_query(self):
        index = Index("docs")
        index.query("pay")

    def test_in_one_line(self):
        Index("docs").query("x")

def test_fails():
    assistant.tools.never()

def test_raises():
    with pytest.raises(TypeError):
        assistant.tools.never()

def helper():
    assistant.tools.never()
"""
CASES = {
    ("tests.test_tools", "test_search"): "",
    ("tests.test_tools", "test_cases[1]"): "",
    ("tests.test_tools", "test_cases[2]"): "",
    ("tests.test_tools.TestIndex", "test_query"): "",
    ("tests.test_tools.TestIndex", "test_in_one_line"): "",
    ("tests.test_tools", "test_fails"): "<failure message='x'>no</failure>",
    ("tests.test_tools", "test_raises"): "",
    ("tests.test_tools", "test_late"): "<skipped/>",
}


def junit(cases):
    found = "".join(f'<testcase classname="{m}" name="{n}">{what}</testcase>' for (m, n), what in cases.items())
    return f'<?xml version="1.0"?><testsuites><testsuite name="pytest">{found}</testsuite></testsuites>'


@pytest.fixture
def project(tmp_path):
    for name, text in {"assistant/__init__.py": "", "assistant/tools.py": TOOLS, "tests/test_tools.py": TESTS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    (tmp_path / "result.xml").write_text(junit(CASES))
    return tmp_path


def examples(project, tests="tests"):
    found = look(project / "assistant", DAY, project / tests, project / "result.xml")
    return {c.name.removeprefix("assistant.tools."): [e.code for e in c.examples] for c in found.capabilities}


def test_calls_in_tests_that_passed_are_examples_and_others_are_not(project):
    assert examples(project) == {
        "Index": ['index = Index("docs")', 'Index("docs").query("x")'],
        "Index.query": ['Index("docs").query("x")', 'index = Index("docs")\nindex.query("pay")'],
        "search": ['word = "pay"\nassert find(word) is None'],
        "create": ["t.create(n)"],
        "never": [],
    }


def test_a_test_of_which_one_case_failed_gives_no_example(project):
    failed = CASES | {("tests.test_tools", "test_cases[2]"): "<error/>"}
    (project / "result.xml").write_text(junit(failed))
    assert examples(project)["create"] == []


@pytest.mark.parametrize("tests", ["tests", "tests/test_tools.py"])
@pytest.mark.parametrize("prefix", ["tests.", ""])
def test_class_names_are_found_from_whichever_folder_the_tests_ran_in(project, tests, prefix):
    moved = {(prefix + m.removeprefix("tests."), n): what for (m, n), what in CASES.items()}
    (project / "result.xml").write_text(junit(moved))
    assert examples(project, tests)["search"]


def test_a_file_of_the_same_name_elsewhere_does_not_borrow_a_result(project):
    (project / "tests" / "sub").mkdir()
    (project / "tests" / "sub" / "test_tools.py").write_text(TESTS.replace('"pay"', '"borrowed"'))
    assert all("borrowed" not in code for codes in examples(project).values() for code in codes)


def test_what_the_run_said_is_counted_and_tests_that_do_not_parse_are_named(project):
    (project / "tests" / "test_broken.py").write_text("def f(:")
    said = look(project / "assistant", DAY, project / "tests", project / "result.xml").tests
    assert (said.passed, said.failed, said.skipped, said.unread) == (6, 1, 1, ("test_broken.py",))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<html></html>", "begins with <html>"),
        ("not xml", "is no XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuites>&a;</testsuites>', "defines no entities"),
        (junit({("other.test_x", "test_a"): ""}), "knows none of these tests"),
        (None, "cannot be read"),
    ],
)
def test_a_result_that_cannot_be_used_is_one_clear_error(project, content, why):
    path = project / "result.xml"
    path.write_text(content) if content is not None else path.unlink()
    with pytest.raises(PackageError, match=why) as error:
        examples(project)
    assert "\n" not in str(error.value)


def test_tests_without_a_result_are_refused(project):
    with pytest.raises(PackageError, match="--junit FILE"):
        look(project / "assistant", DAY, project / "tests")
    with pytest.raises(PackageError, match="there are no tests"):
        look(project / "assistant", DAY, project / "nowhere", project / "result.xml")


def test_no_test_is_run(project):
    mark = project / "ran"
    (project / "tests" / "conftest.py").write_text(f"open({str(mark)!r}, 'w').close()")
    assert examples(project)["search"]
    assert not mark.exists()
