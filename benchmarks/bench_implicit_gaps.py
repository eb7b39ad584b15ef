"""Are implicit gaps gaps? The shipped rules on real conversations, held against labels that they never saw.

- Answers: 180 answers of the agents of tau-bench (retail) and the Whissle simulations, read by a person
  (`answer_labels.json`, by hash): does an answer that is held for a refusal or a fallback say so, and how many are missed?
- Answers in German, Spanish and French (`answers_written.yaml`): written for this project, no sample of real ones.
- Conversations: of those with a refusal or a fallback, how many failed by the benchmark's own reward, beside the others;
  and of those that the agent handed over to a person.
- Abandonment: with their outcomes hidden, how many last requests of a session had really failed.
- Asked again: of pairs of Banking77 requests that count as alike, how many have the same intent.

`python benchmarks/bench_implicit_gaps.py` prints the figures.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import yaml

from ratchet import answer_phrases
from ratchet.files import read_json, write_json
from ratchet.settings import config_folder, load
from ratchet.statistics.proportions import wilson

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results" / "implicit_gaps.json"
LABELS = ROOT / "benchmarks" / "answer_labels.json"
WRITTEN = ROOT / "benchmarks" / "answers_written.yaml"
MACROS = ROOT / "dbt_project" / "macros" / "behaviours.sql"
TAU = {
    "tau-bench airline": "tau_bench_airline_gpt4o/*.json.gz",
    "tau-bench retail": "tau_bench_retail_agent_variants/tool*.json.gz",
}
WHISSLE = "whissle_flow_sim/*/*.session.json.gz"
PAIRS, ROUNDS = 2_000_000, 2000


@dataclass(frozen=True)
class Conversation:
    """What an agent answered, whether it succeeded (None is unknown) and whether it handed over to a person."""

    source: str
    answers: tuple[str, ...]
    success: bool | None
    handed_over: bool


def conversations() -> Iterator[Conversation]:
    """Yield every conversation with its outcome."""
    for source, pattern in TAU.items():
        for path in sorted(DATA.glob(pattern)):
            for run in json.loads(gzip.decompress(path.read_bytes())):
                said = [m for m in run["traj"] if m["role"] == "assistant"]
                calls = [call["function"]["name"] for m in said for call in m.get("tool_calls") or ()]
                answers = tuple(m["content"] for m in said if (m.get("content") or "").strip())
                yield Conversation(source, answers, run["reward"] == 1, "transfer_to_human_agents" in calls)
    for path in sorted(DATA.glob(WHISSLE)):
        session = json.loads(gzip.decompress(path.read_bytes()))
        answers = tuple(t["agent_reply"] for t in session.get("turns") or () if (t.get("agent_reply") or "").strip())
        yield Conversation("whissle flows", answers, session["outcome"]["task_success"], False)


def flags(texts: list[str]) -> pd.DataFrame:
    """Return what each answer is held for, by the shipped phrases in DuckDB."""
    frame, told = pd.DataFrame({"text": texts}), answer_phrases.load(config_folder()).as_told()
    tests = ", ".join(
        "regexp_matches(text, '{}', 'i') as {}".format(regex.replace("'", "''"), name) for name, regex in told.items()
    )
    with duckdb.connect() as connection:
        connection.register("answers", frame)
        found = connection.execute(f"select {tests} from answers").df()
    return found.assign(falls_back=found["falls_back"] & ~found["refuses"])


def share(hits: int, n: int) -> dict[str, Any]:
    """Return a share with its n and Wilson's interval."""
    if not n:
        return {"n": 0}
    found = wilson([hits], [n])
    return {
        "share": round(hits / n, 3),
        "n": n,
        "low": round(float(found.low[0]), 3),
        "high": round(float(found.high[0]), 3),
    }


def answers(talks: list[Conversation]) -> dict[str, Any]:
    """Precision and recall of both kinds on the labelled answers; each stands for as many as it was drawn from."""
    labels = read_json(LABELS)["answers"]
    texts = {hashlib.sha256(a.encode()).hexdigest()[:12]: a for talk in talks for a in talk.answers}
    known = sorted(labels.keys() & texts.keys())
    held = flags([texts[k] for k in known])
    truth = np.array([labels[k][0] for k in known])
    weight = np.array([labels[k][1] for k in known])
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(known), (ROUNDS, len(known)))
    found: dict[str, Any] = {"labelled": len(known)}
    for kind in ("refuses", "falls_back"):
        flagged, right = held[kind].to_numpy(), truth == kind
        resampled = [_recall(flagged[d], right[d], weight[d]) for d in draws]
        low, high = np.nanquantile(resampled, [0.025, 0.975])
        found[kind] = {
            "precision": share(int((flagged & right).sum()), int(flagged.sum())),
            "recall": {
                "share": round(_recall(flagged, right, weight), 3),
                "n": int(right.sum()),
                "low": round(float(low), 3),
                "high": round(float(high), 3),
            },
        }
    return found


def _recall(flagged: Any, right: Any, weight: Any) -> float:
    return float(weight[flagged & right].sum() / weight[right].sum()) if right.any() else float("nan")


def written() -> dict[str, Any]:
    """Precision and recall on answers written for this project, by set and language; `in_vain` is either kind."""
    sets = yaml.safe_load(WRITTEN.read_text("utf-8"))
    return {
        name: {language: _held_against(kinds) for language, kinds in sets[name].items()} | {"all": _pooled(sets[name])}
        for name in ("tuned_on", "fresh")
    }


def _pooled(languages: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    kinds = next(iter(languages.values()))
    return _held_against({kind: [a for said in languages.values() for a in said[kind]] for kind in kinds})


def _held_against(kinds: dict[str, list[str]]) -> dict[str, Any]:
    texts = [a for said in kinds.values() for a in said]
    truth = np.repeat(list(kinds), [len(said) for said in kinds.values()])
    held = flags(texts)
    both = held.assign(in_vain=held.any(axis=1))
    found: dict[str, Any] = {"answers": len(texts), "written_in_vain": int((truth != "neither").sum())}
    for kind in ("refuses", "falls_back", "in_vain"):
        flagged, right = both[kind].to_numpy(), (truth == kind if kind != "in_vain" else truth != "neither")
        hits = int((flagged & right).sum())
        found[kind] = {"precision": share(hits, int(flagged.sum())), "recall": share(hits, int(right.sum()))}
    return found


def outcomes(talks: list[Conversation]) -> dict[str, Any]:
    """Return how often conversations fail that are held to be in vain, and how often the others do, by source."""
    found: dict[str, Any] = {}
    said = sorted({a for talk in talks for a in talk.answers})
    in_vain = dict(zip(said, flags(said).to_numpy().any(axis=1).tolist(), strict=True))
    for source in sorted({talk.source for talk in talks}):
        own = [t for t in talks if t.source == source and t.success is not None and t.answers]
        held = np.array([any(in_vain[a] for a in t.answers) for t in own])
        failed = np.array([not t.success for t in own])
        handed = np.array([t.handed_over for t in own])
        found[source] = {
            "failed_where_flagged": share(int((failed & held).sum()), int(held.sum())),
            "failed_elsewhere": share(int((failed & ~held).sum()), int((~held).sum())),
            "failed_that_are_flagged": share(int((failed & held).sum()), int(failed.sum())),
            "abandonment_with_outcomes_hidden": share(int(failed.sum()), len(own)),
        }
        if handed.any():
            found[source]["handed_over_that_are_flagged"] = share(int((handed & held).sum()), int(handed.sum()))
    return found


def asked_again() -> dict[str, Any]:
    """Return how many pairs of requests that count as alike have the same intent, beside any pair."""
    packed = (DATA / "banking77_intents" / "train.csv.gz").read_bytes()
    rows = pd.DataFrame(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))
    macros: Any = jinja2.Environment(autoescape=False).from_string(MACROS.read_text("utf-8")).module
    rng, least = np.random.default_rng(0), load().rephrase_similarity
    one, other = rng.integers(0, len(rows), (2, PAIRS))
    with duckdb.connect() as connection:
        said = r"left(trim(regexp_replace(lower(text), '[^\p{L}\p{N}]+', ' ', 'g')), 300)"
        connection.register("raw", rows.assign(row=np.arange(len(rows))))
        connection.execute(f"create table texts as select row, category, {said} as said from raw")
        connection.register("pairs", pd.DataFrame({"one": one, "other": other}))
        sql = f"""
            select a.category = b.category as same, {macros.similarity("a.said", "b.said")} >= {least} as alike, count(*) as n
            from pairs inner join texts as a on a.row = one inner join texts as b on b.row = other
            where a.said <> b.said group by all
        """
        counted = {(bool(s), bool(k)): int(n) for s, k, n in connection.execute(sql).fetchall()}
    alike = {s: counted.get((s, True), 0) for s in (True, False)}
    same = sum(n for (s, _), n in counted.items() if s)
    return {
        "alike_with_the_same_intent": share(alike[True], sum(alike.values())),
        "any_pair": share(same, sum(counted.values())),
    }


def main() -> None:
    """Measure everything and keep the figures."""
    talks = list(conversations())
    figures = {
        "answers": answers(talks),
        "answers_written_for_this_project": written(),
        "conversations": outcomes(talks),
        "asked_again": asked_again(),
    }
    print(json.dumps(figures, indent=1))
    write_json(RESULTS, figures)


if __name__ == "__main__":
    main()
