import pytest

from ratchet.validate.client_syntax import problems

PACKAGE = '"""A client."""\n\nfrom .client import Client\n\n__all__ = ["Client"]\n'
MODELS = '"""Models."""\n\nfrom __future__ import annotations\n'
CLIENT = '''"""A client."""

from __future__ import annotations

from . import models
from .http import BaseClient
from .wire import Part as _Part


class Client(BaseClient):
    """Calls."""

    _default_server = "https://api.example.com"
    _schemes = {}

    def get(self, a: str, *, b: int | None = None) -> models.Pet:
        """Get."""
        _answer: models.Pet = self._call("GET", "/a", [_Part("path", "a", a, "simple")], answer="json")
        return _answer
'''


def found(client=CLIENT, models=MODELS, package=PACKAGE):
    return problems({"client.py": client, "models.py": models, "__init__.py": package})


def test_what_the_emitter_writes_is_sound():
    assert found() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from . import models", "from . import models\nimport os"),
        ("from . import models", "from os import path as models"),
        ('_default_server = "https://api.example.com"', "_default_server = open('x').read()"),
        ("_schemes = {}", "_schemes = {str(1): 2}"),
        ("_schemes = {}", "_more = {}"),
        ('"GET"', "__import__('os').getcwd()"),
        ('"GET"', '"G" + "ET"'),
        ('"GET"', "self"),
        ('"/a"', 'f"/{a}"'),
        ("self._call(", "self._send("),
        ("self._call(", "eval("),
        ("_Part(", "_Port("),
        ("return _answer", "return a"),
        ("return _answer", "while True: pass"),
        ("b: int | None = None", "b: int | None = 1 + 1"),
        ("b: int | None = None", "b: __import__('os') = None"),
        ("b: int | None = None", "**b: int"),
        ("def get(", "@property\n    def get("),
        ("def get(", "def __del__("),
        ("def get(", "async def get("),
        ("class Client(BaseClient):", "class Client(BaseClient, metaclass=type):"),
        ("class Client(BaseClient):", "class Client(open('x')):"),
        ('"""Get."""', 'f"""{a}"""'),
        ("class Client", "print(1)\n\n\nclass Client"),
        ("class Client", "class Client("),
    ],
)
def test_anything_else_is_named(old, new):
    assert old in CLIENT
    assert found(client=CLIENT.replace(old, new, 1))


@pytest.mark.parametrize(
    "more",
    [
        "import os\n",
        "from typing import get_type_hints\n",
        "X = TypedDict('Y', {'a': 'int'})\n",
        "X = TypedDict('X', {'a': 'print(1)'})\n",
        "X = TypedDict('X', {a: 'int'})\n",
        "X: TypeAlias = int\n",
        "X: TypeAlias = 'open(1)'\n",
        "X = 1\n",
        "class X(TypedDict):\n    a: int = 1\n",
        "class X(TypedDict):\n    a: open('x')\n",
        "class X(dict):\n    a: int\n",
        "def f(): pass\n",
    ],
)
def test_models_hold_types_only(more):
    assert found(models=MODELS + more)


@pytest.mark.parametrize(
    "more",
    [
        "from typing import Any, TypedDict\n",
        "X = TypedDict('X', {'a-b': 'NotRequired[list[X] | None]'})\n",
        "X: TypeAlias = \"Literal['a', -1] | dict[str, Any]\"\n",
        "class X(TypedDict):\n    '''Doc.'''\n\n    a: NotRequired[int]\n",
    ],
)
def test_types_of_every_shape_are_sound(more):
    assert found(models=MODELS + more) == []


def test_a_file_that_is_missing_or_does_not_parse_is_named():
    assert problems({"client.py": CLIENT, "models.py": "("}) == [
        "__init__.py is missing",
        "models.py is not Python: SyntaxError",
    ]
