import textwrap

import pytest

from ratchet.document import code
from ratchet.errors import PackageError


def package(folder, **files):
    """Write a package `assistant` of these modules."""
    root = folder / "assistant"
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / f"{name}.py").write_text(textwrap.dedent(text), "utf-8")
    return root


def test_public_functions_classes_and_methods_are_capabilities_with_what_their_docstrings_say(tmp_path):
    root = package(
        tmp_path,
        tools='''
            class Index:
                """An index."""

                def __init__(self, name: str, *, size: int = 100): ...

                def query(self, text: str, limit: int = 5) -> list[str]:
                    """Return what fits.

                    The best comes first.

                    Args:
                        text: what is looked for,
                            in words.

                    Returns:
                        Titles.
                    """

                @staticmethod
                def parse(text): ...

                def _hidden(self): ...

            async def refresh(a, /, b=1, *more, c, **rest): ...
            def _private(): ...
            LIMIT = 3
        ''',
    )
    found = code.read(root).capabilities
    assert {name: each.signature for name, each in found.items()} == {
        "assistant.tools.Index": "Index(name: str, *, size: int = 100)",
        "assistant.tools.Index.query": "query(text: str, limit: int = 5) -> list[str]",
        "assistant.tools.Index.parse": "parse(text)",
        "assistant.tools.refresh": "async refresh(a, /, b=1, *more, c, **rest)",
    }
    query = found["assistant.tools.Index.query"]
    assert (query.summary, query.description, query.returns) == (
        "Return what fits.",
        "The best comes first.",
        "Titles.",
    )
    assert query.arguments[0].description == "what is looked for, in words."
    assert [a.is_required for a in query.arguments] == [True, False]
    assert (query.file, query.line) == ("assistant/tools.py", 7)


@pytest.mark.parametrize(
    "docstring",
    [
        "Find.\n\n    Parameters\n    ----------\n    text : str\n        what is looked for\n    ",
        "Find.\n\n    :param text: what is looked for\n    ",
        "Find.\n\n    Args:\n        text: what is looked for\n    ",
    ],
)
def test_every_usual_style_of_docstrings_is_read(tmp_path, docstring):
    root = tmp_path / "one.py"
    root.write_text(f'def find(text):\n    """{docstring}"""\n')
    (found,) = code.read(root).capabilities.values()
    assert (found.name, found.summary) == ("one.find", "Find.")
    assert found.arguments[0].description == "what is looked for"


def test_what_a_package_exports_from_a_private_module_is_public_under_that_name(tmp_path):
    root = package(
        tmp_path,
        __init__="",
        _impl="def make(): ...\ndef other(): ...",
        tools="def find(): ...",
    )
    (root / "__init__.py").write_text(
        "from ._impl import make\nfrom .tools import find as search\n__all__ = ['make', 'search']"
    )
    source = code.read(root)
    assert sorted(source.capabilities) == ["assistant.make", "assistant.tools.find"]
    assert source.aliases["assistant.search"] == "assistant.tools.find"


def test_what_is_not_exported_is_not_public(tmp_path):
    root = package(tmp_path, tools="__all__ = ['a']\ndef a(): ...\ndef b(): ...")
    assert list(code.read(root).capabilities) == ["assistant.tools.a"]


def test_nothing_is_imported_or_run(tmp_path):
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w').close()\ndef f(x=open({str(mark)!r}, 'w')): ...\nimport nothing_of_this_name"
    (found,) = code.read(package(tmp_path, tools=text)).capabilities.values()
    assert found.arguments[0].default == f"open({str(mark)!r}, 'w')"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(:", "broken.py:1: invalid syntax"),
        ("x = " + "(" * 500 + ")" * 500, "too many nested parentheses"),
        ("a\0b", "null bytes"),
        ("\udcff", "codec can't decode"),
        ("x = 1\n" * 400_000, "larger than 2,000,000 bytes"),
        ("x = " + "-" * 100_000 + "1", ""),
    ],
    ids=["syntax", "nested", "null", "encoding", "large", "deep"],
)
def test_a_file_that_does_not_parse_is_named_and_the_rest_goes_on(tmp_path, text, reason):
    root = package(tmp_path, tools="def f(): ...")
    (root / "broken.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    source = code.read(root)
    assert list(source.capabilities) == ["assistant.tools.f"]
    (problem,) = source.problems
    assert "broken.py" in problem
    assert reason in problem
    assert "\n" not in problem
    assert len(problem) <= 400


def test_a_package_that_cannot_be_used_is_one_clear_error(tmp_path):
    (tmp_path / "notes.txt").write_text("hello", "utf-8")
    for folder, why in (
        (tmp_path / "nowhere", "no such package"),
        (tmp_path / "notes.txt", "no Python file"),
        (tmp_path, "no Python file|cannot be imported"),
    ):
        with pytest.raises(PackageError, match=why):
            code.read(folder)
    with pytest.raises(PackageError, match=r"nothing in it parses: assistant/tools.py:1"):
        code.read(package(tmp_path, tools="def f(:"))


def test_links_and_hidden_folders_are_left_alone(tmp_path):
    root = package(tmp_path, tools="def f(): ...")
    (tmp_path / "outside.py").write_text("def secret(): ...")
    (root / "linked.py").symlink_to(tmp_path / "outside.py")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "b.py").write_text("def b(): ...")
    assert list(code.read(root).capabilities) == ["assistant.tools.f"]


def test_fields_of_a_dataclass_are_what_it_is_called_with(tmp_path):
    text = "from dataclasses import dataclass\n@dataclass\nclass Event:\n    title: str\n    minutes: int = 30\n"
    assert code.read(package(tmp_path, tools=text)).capabilities["assistant.tools.Event"].signature == (
        "Event(title: str, minutes: int = 30)"
    )


def test_long_texts_are_cut(tmp_path):
    text = f"def f(x={'a' * 9000!r}):\n    {'b' * 9000!r}\n"
    (found,) = code.read(package(tmp_path, tools=text)).capabilities.values()
    assert len(found.signature) <= 1000
    assert len(found.summary) <= 400
