import pytest

from ratchet import connected_apis
from ratchet.errors import SettingsError


def load(tmp_path, text):
    (tmp_path / "apis.yaml").write_text(text, "utf-8")
    return connected_apis.load(tmp_path)


def test_no_file_and_an_empty_one_connect_nothing(tmp_path):
    assert connected_apis.load(tmp_path) == {}
    assert load(tmp_path, "apis: {}\n") == {}


def test_the_shipped_file_connects_nothing():
    from ratchet.settings import PROJECT_ROOT

    assert connected_apis.load(PROJECT_ROOT / "include" / "config") == {}


def test_an_api_has_its_own_host_allowed(tmp_path):
    api = load(
        tmp_path, "apis:\n  pets: {base_url: 'https://Pets.example.com:8443/v1/', allow_hosts: [cdn.example.com]}\n"
    )["pets"]
    assert api.base_url == "https://Pets.example.com:8443/v1"
    assert api.hosts == {"pets.example.com:8443", "cdn.example.com"}
    assert (api.probe, api.budget) == (False, 20)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("pets: {base_url: 'https://a.example', token: abc}", "unknown key 'token'.*did you mean token_env"),
        ("pets: {base_url: 'https://a.example', budgett: 3}", "did you mean budget"),
        ("pets: {}", "pets.base_url: field required"),
        ("pets: {base_url: 'ftp://a.example'}", "must be an address such as"),
        ("pets: {base_url: 'https://me:pw@a.example'}", "without query, name or password"),
        ("pets: {base_url: 'https://a.example?key=1'}", "without query"),
        ("pets: {base_url: 'https://a.example', spec: 'file:///etc/passwd'}", "spec must be an address"),
        ("pets: {base_url: 'https://a.example', token_env: A, connection: b}", "either token_env or connection"),
        ("pets: {base_url: 'https://a.example', budget: 0}", "greater than or equal to 1"),
        ("pets: {base_url: 'https://a.example', token_header: \"A\\nB\"}", "token_header"),
        ("import: {base_url: 'https://a.example'}", "cannot be called 'import'"),
        ("json: {base_url: 'https://a.example'}", "cannot be called 'json'"),
        ("../x: {base_url: 'https://a.example'}", "cannot be called '../x'"),
        ("pets: 3", "pets"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, block, why):
    with pytest.raises(SettingsError, match=why) as caught:
        load(tmp_path, f"apis:\n  {block}\n")
    assert "apis.yaml" in str(caught.value)
    assert "abc" not in str(caught.value)
