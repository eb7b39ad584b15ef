"""The tables of a result keep the names of their files, whatever they hold."""

from ratchet.artifacts import tables


def test_the_first_table_has_the_name_of_the_result() -> None:
    result = {"as_of": "2026-11-01", "kpis": [{"metric": "requests"}], "undefined": [{"metric": "retention"}], "x": []}
    assert dict(tables("kpis", result)) == {
        "kpis.csv": [{"metric": "requests"}],
        "kpis_undefined.csv": [{"metric": "retention"}],
    }


def test_an_empty_first_table_gives_its_name_to_no_other() -> None:
    assert dict(tables("kpis", {"kpis": [], "undefined": [{"metric": "x"}]})) == {
        "kpis_undefined.csv": [{"metric": "x"}]
    }


def test_an_estimate_becomes_columns() -> None:
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}
    ((_, rows),) = tables("a", {"a": [{"share": estimate}]})
    assert rows == [{"share": 0.5, "share_low": 0.4, "share_high": 0.6, "share_n": 10}]
