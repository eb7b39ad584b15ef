from pathlib import Path

import pytest

from ratchet.errors import SourceError
from ratchet.log.sources import Format, load_source, shipped_sources


def folder(tmp_path: Path, settings: str, **mappings: str) -> str:
    own = tmp_path / "mine"
    own.mkdir()
    (own / "source.yaml").write_text(settings)
    for name, sql in mappings.items():
        (own / f"{name}.sql").write_text(sql)
    return str(own)


GOOD = "name: mine\ndescription: d\nformat: json\nfiles: '*.json'\nrecords: [$.runs, $]\n"


def test_every_shipped_source_loads_and_native_has_no_mapping():
    for name in shipped_sources():
        assert load_source(name).name == name
    assert not load_source("native").is_mapped


def test_own_folder_with_mappings_in_contract_order(tmp_path):
    own = folder(tmp_path, GOOD, error="select 1", interaction="select 2", prepare="create view x as select 1")
    source = load_source(own)
    assert source.format is Format.JSON
    assert source.records == ("$.runs", "$")
    assert list(source.mappings) == ["interaction", "error"]
    assert source.prepare.endswith("create view x as select 1")


@pytest.mark.parametrize(
    ("settings", "mappings", "says"),
    [
        (GOOD.replace("format: json", "format: xml"), {"error": "s"}, "format is 'xml'"),
        (GOOD.replace("files", "file"), {"error": "s"}, "did you mean files"),
        (GOOD.replace("name: mine", "name: [1]"), {"error": "s"}, "name is missing"),
        (GOOD.replace("files: '*.json'", "files: []"), {"error": "s"}, "files is missing"),
        (GOOD, {"interactions": "s"}, "no such stream"),
        (GOOD, {}, "one .sql file a stream"),
        (GOOD.replace("json", "contract"), {"error": "s"}, "one .sql file a stream"),
        ("- 1\n", {}, "keys and values"),
        ("a: [\n", {}, "not YAML"),
    ],
)
def test_a_bad_source_is_named_in_one_line(tmp_path, settings, mappings, says):
    with pytest.raises(SourceError) as caught:
        load_source(folder(tmp_path, settings, **mappings))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_source_suggests_the_nearest_name():
    with pytest.raises(SourceError, match="did you mean native"):
        load_source("natve")
    with pytest.raises(SourceError, match="path of your own folder"):
        load_source("zzz")
