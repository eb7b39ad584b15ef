"""Published prompts as the application gets them, and its own text where the file cannot be used."""

from datetime import date

import pytest

from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.deploy import publish
from ratchet.deploy.prompts import document

from .conftest import read

PROMPT = Prompt("summary", 1, (PromptVersion(1, "Short."), PromptVersion(2, "Clear.")), "f", {"control": 1, "clear": 2})
FLAG = {
    "state": "ENABLED",
    "variants": {"control": "control", "clear": "clear"},
    "defaultVariant": "control",
    "targeting": {"if": [{"==": [{"var": "targetingKey"}, "u2"]}, "clear", "control"]},
    "metadata": {"trial_id": "t", "kind": "experiment", "unit_type": "user", "hash": "flagd"},
}


@pytest.fixture
def publish_prompts(home):
    def switch(content, flags=None):
        return publish.publish(
            home, date(2026, 11, 19), {"prompts.json": content, "flags.json": {"flags": flags or {}}}
        )

    return switch


def test_everybody_gets_the_version_in_force(client, home, publish_prompts):
    publish_prompts(document([PROMPT]))
    found = client.prompt("summary", "own")
    assert (found.prompt_id, found.version, found.text) == ("summary", 1, "Short.")
    assert read(home.landing) == []


def test_a_unit_of_an_experiment_gets_its_variant_and_is_logged(client, home, publish_prompts):
    publish_prompts(document([PROMPT]), {"f": FLAG})
    assert [client.prompt("summary", unit_id=u).text for u in ("u1", "u2")] == ["Short.", "Clear."]
    client.flush() if hasattr(client, "flush") else client.close()
    assert [(e["flag_key"], e["variant"], e["unit_id"]) for e in read(home.landing)] == [
        ("f", "control", "u1"),
        ("f", "clear", "u2"),
    ]


def test_an_experiment_that_is_not_published_gives_the_version_in_force(client, publish_prompts):
    publish_prompts(document([PROMPT]))
    assert client.prompt("summary", unit_id="u2").version == 1
    assert client.counts["unknown_flag"] == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"prompts": []},
        {"prompts": {"summary": None}},
        {"prompts": {"summary": {"serve": 3, "versions": {"1": "x"}}}},
        {"prompts": {"summary": {"serve": 1, "versions": {"1": ""}}}},
        {"prompts": {"summary": {"serve": "a", "versions": {"1": "x"}}}},
    ],
)
def test_a_file_that_cannot_be_used_leaves_the_own_text(client, publish_prompts, content):
    publish_prompts(content)
    found = client.prompt("summary", "own")
    assert (found.version, found.text) == (0, "own")
    assert client.counts["prompts_unreadable"] >= 1


def test_without_anything_published_the_own_text_holds(client):
    assert client.prompt("summary", "own").text == "own"
    assert client.counts["unknown_prompt"] == 1
