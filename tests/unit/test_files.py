import csv
import errno
import math
import os
from datetime import date
from decimal import Decimal

import numpy
import pytest

from ratchet import files
from ratchet.errors import StorageError


def test_json_is_the_same_bytes_for_the_same_content(tmp_path):
    value = {"day": date(2026, 11, 1), "share": 0.1 + 0.2, "n": numpy.int64(3), "of": (Decimal("1.5"), None, True)}
    files.write_json(tmp_path / "a.json", value)
    files.write_json(tmp_path / "b.json", value)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert files.read_json(tmp_path / "a.json") == {"day": "2026-11-01", "share": 0.3, "n": 3, "of": [1.5, None, True]}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1.797693134862315e308])
def test_what_is_no_number_is_null_in_json(number):
    assert files.to_json({"x": number}) == '{\n "x": null\n}\n'


def test_a_value_without_a_form_in_json_is_refused():
    with pytest.raises(TypeError, match="object has no form"):
        files.to_json({"x": object()})


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "－1"])
def test_no_csv_cell_starts_a_formula(tmp_path, cell):
    files.write_csv(tmp_path / "t.csv", [{"a": cell, "b": -5}], ["a", "b"])
    with (tmp_path / "t.csv").open(newline="") as handle:
        assert list(csv.reader(handle)) == [["a", "b"], ["'" + cell, "-5"]]  # a number stays a number


def test_csv_keeps_nested_values_as_json(tmp_path):
    files.write_csv(tmp_path / "t.csv", [{"a": ["x", "ü"]}], ["a"])
    assert (tmp_path / "t.csv").read_text() == 'a\n"[""x"", ""ü""]"\n'


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StorageError, match="cannot write"):
        files.write_text(blocked / "x.json", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "give this user the right to write there"),
        (errno.EROFS, "give this user the right to write there"),
        (errno.ENAMETOOLONG, "name another path"),
    ],
)
def test_a_failed_write_says_what_to_do(tmp_path, code, way_out):
    said = str(files.storage_error(OSError(code, os.strerror(code)), tmp_path / "x.json"))
    assert os.strerror(code) in said
    assert way_out in said


def test_a_link_is_switched_in_one_step(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files.switch_link(tmp_path / "current", tmp_path / name)
        assert (tmp_path / "current").resolve().name == name
    assert not list(tmp_path.glob(".*"))


def test_a_link_that_cannot_be_switched_leaves_nothing_behind(tmp_path):
    (tmp_path / "current").mkdir()
    with pytest.raises(OSError, match="directory"):
        files.switch_link(tmp_path / "current", tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["current"]


def test_a_folder_is_replaced_whole(tmp_path):
    for content in ("one", "two"):
        (tmp_path / "fresh").mkdir()
        (tmp_path / "fresh" / content).write_text(content)
        files.replace_folder(tmp_path / "final", tmp_path / "fresh")
    assert [p.name for p in (tmp_path / "final").iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["final"]
