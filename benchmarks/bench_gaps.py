"""What people ask for in vain: is it served by the catalogue, and what belongs together, on labelled requests.

- BFCL live: requests that some function of their own catalogue serves, and requests that none serves. The rule is the
  shipped one (`analyze/api_matches.py`); it sees no label.
- CLINC150 and Banking77: texts with their true intents, clustered by the shipped code; k-means that is told the true
  number of intents on the same vectors beside it.
- A million failed requests of 200,000 distinct texts: their texts clustered, and everything that a night makes of the mart's
  rows; 100,000 texts that nobody else asked.

`python benchmarks/bench_gaps.py [bfcl clinc banking million findings one_offs]` prints the figures.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ratchet.analyze import gap_clusters, unmet
from ratchet.analyze.api_matches import LEAST_LIKENESS, likeness, operation_text
from ratchet.contracts.apis import Operation, Parameter, Place
from ratchet.files import read_json, write_json
from ratchet.settings import load

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results" / "gaps.json"
BFCL = {
    "BFCL_v4_live_irrelevance.even.jsonl.gz": 1,
    "BFCL_v4_live_multiple.even.jsonl.gz": 0,
    "BFCL_v4_live_simple.json.gz": 0,
}


def bfcl_rows() -> Iterator[tuple[str, list[dict[str, Any]], int]]:
    """Yield request, functions on offer, and 1 where none of them serves it."""
    for name, unserved in BFCL.items():
        for line in gzip.decompress((DATA / "bfcl_live_intents" / name).read_bytes()).splitlines():
            row = json.loads(line)
            said = " ".join(m["content"] for turn in row["question"] for m in turn if m["role"] == "user")
            yield said, row["function"], unserved


def operation(function: dict[str, Any]) -> str:
    """Return what a function says of itself, as an operation of an API."""
    schema = {"properties": function["parameters"].get("properties") or {}}
    parameter = Parameter("", Place.QUERY, False, schema, "form", True)
    return operation_text(
        Operation("post", "", function["name"], description=function["description"], parameters=(parameter,))
    )


def bfcl() -> dict[str, Any]:
    """Tell unserved from served requests by the likeness of the best function on offer."""
    from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

    rows = list(bfcl_rows())
    said: dict[str, int] = {}
    offered = [[said.setdefault(operation(f), len(said)) for f in functions] for _, functions, _ in rows]
    alike = likeness([text for text, _, _ in rows], list(said))
    best = np.array([max((alike[at, f] for f in fs), default=0.0) for at, fs in enumerate(offered)])
    unserved = np.array([label for _, _, label in rows])
    precision, recall, thresholds = precision_recall_curve(unserved, -best)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    top = int(f1[:-1].argmax())
    return {
        "requests": len(rows),
        "unserved": int(unserved.sum()),
        "functions": len(said),
        "auc": round(float(roc_auc_score(unserved, -best)), 4),
        "f1_at_shipped_threshold": round(float(f1_score(unserved, best < LEAST_LIKENESS)), 4),
        "shipped_threshold": LEAST_LIKENESS,
        "best_f1": round(float(f1[top]), 4),
        "best_threshold": round(float(-thresholds[top]), 4),
    }


def labelled(texts: list[str], intents: list[str]) -> dict[str, Any]:
    """Cluster texts with a known intent; k-means with the true number of intents sees the same vectors."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    order = np.argsort(np.array(texts), kind="stable")
    asked, truth = [texts[at] for at in order], np.unique(intents, return_inverse=True)[1][order]
    everyone, shipped = gap_clusters.cluster(asked, radius=-1.0), gap_clusters.cluster(asked)
    reduced = gap_clusters._reduced(gap_clusters.vectors(asked), 0)
    told = [KMeans(truth.max() + 1, n_init=1, random_state=seed).fit_predict(reduced) for seed in range(3)]
    inside = shipped.labels >= 0
    return {
        "texts": len(asked),
        "intents": int(truth.max()) + 1,
        "clusters": len(everyone.sketches),
        "micro_clusters": everyone.micros,
        "noise_share_before_assignment": round(everyone.noise / len(asked), 4),
        "ari": round(float(adjusted_rand_score(truth, everyone.labels)), 4),
        "nmi": round(float(normalized_mutual_info_score(truth, everyone.labels)), 4),
        "kmeans_true_k_ari": [round(float(adjusted_rand_score(truth, labels)), 4) for labels in told],
        "kmeans_true_k_nmi": [round(float(normalized_mutual_info_score(truth, labels)), 4) for labels in told],
        "one_offs_share_within_radius": round(shipped.one_offs / len(asked), 4),
        "ari_within_radius": round(float(adjusted_rand_score(truth[inside], shipped.labels[inside])), 4),
    }


def clinc() -> dict[str, Any]:
    """Cluster the in-scope requests of CLINC150."""
    packed = (DATA / "clinc150_intents_oos" / "data_full.train_val.json.gz").read_bytes()
    content = json.loads(gzip.decompress(packed))
    rows = [row for split in ("train", "val") for row in content[split]]
    return labelled([text for text, _ in rows], [intent for _, intent in rows])


def banking() -> dict[str, Any]:
    """Cluster the requests of Banking77."""
    packed = (DATA / "banking77_intents" / "train.csv.gz").read_bytes()
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))
    return labelled([row["text"] for row in rows], [row["category"] for row in rows])


def _made(distinct: int, wanted: int, seed: int) -> list[str]:
    """Return distinct texts of so many wishes: a wish is some words, said with others around them."""
    rng = np.random.default_rng(seed)
    sound = ["ba", "do", "ki", "lu", "me", "no", "pra", "ri", "sto", "ta", "vel", "zu", "gan", "fi", "her", "wo"]
    vocabulary = np.array(["".join(rng.choice(sound, rng.integers(2, 5))) for _ in range(20_000)])
    wishes = rng.integers(0, len(vocabulary), (wanted, 4))
    filler = rng.integers(0, len(vocabulary), (distinct, 3))
    made = np.concatenate([wishes[np.arange(distinct) % wanted], filler], axis=1)
    return sorted({" ".join(row) for row in vocabulary[made].tolist()})


def _timed(texts: list[str]) -> dict[str, Any]:
    started, worked = time.perf_counter(), time.process_time()
    found = gap_clusters.cluster(texts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {
        "texts": len(texts),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - worked, 1),
        "peak_mib": round(peak),
        "clusters": len(found.sketches),
        "one_offs": found.one_offs,
    }


def million() -> dict[str, Any]:
    """Cluster what a million failed requests come to: 200,000 distinct normalised texts of 500 wishes."""
    return _timed(_made(200_000, 500, 1))


def findings() -> dict[str, Any]:
    """Make a night's findings of a million failed requests: the rows of the mart, clusters, names, ids, verdicts."""
    as_of, requests = date(2026, 11, 20), 1_000_000
    rows = _rows(_made(200_000, 500, 1), requests, as_of)
    started, worked = time.perf_counter(), time.process_time()
    found, known = unmet.find_unmet(rows, [], unmet.Exposure(requests, 3 * requests), [], load(), as_of)
    return {
        "requests": requests,
        "texts": len(rows),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - worked, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10),
        "clusters": len(found.clusters),
        "demand_in_clusters": sum(wish.demand for wish in found.clusters),
        "known": len(known),
    }


def _rows(texts: list[str], requests: int, as_of: date) -> pd.DataFrame:
    """Return mart_request_texts of so many failed requests of 50,000 users, each text at least once."""
    rng = np.random.default_rng(3)
    asked = np.concatenate([np.arange(len(texts)), rng.integers(0, len(texts), requests - len(texts))])
    told = pd.DataFrame({"place": asked, "unit": 4 * rng.integers(1, 50_001, requests) + 1})
    with duckdb.connect() as connection:
        connection.register("told", told)
        counted = connection.execute(
            """
            select place, count(*) as n, list_sort(list(distinct unit)) as unit_keys,
                count(*) filter (where unit % 3 = 0) as recent
            from told group by place order by place
            """
        ).df()
    zeros = dict.fromkeys(
        ("unsupported", "refused", "fell_back", "empty_answers", "abandoned", "again", "on_a_clock", "answered"), 0
    )
    same = dict.fromkeys(
        ("requests", "known", "in_vain", "in_vain_known", "failed", "with_error", "threaded", "followed"), counted["n"]
    )
    texts_of = {"text": texts, "intents": [[""]] * len(texts), "sample_event_ids": [["e"]] * len(texts)}
    days = {"as_of": as_of, "first_seen": as_of, "last_seen": as_of}
    return counted[["unit_keys", "recent"]].assign(**zeros, **same, **texts_of, **days)


def one_offs() -> dict[str, Any]:
    """Cluster 100,000 texts that have nothing to do with each other."""
    return _timed(_made(100_000, 100_000, 2))


PARTS = {
    "bfcl": bfcl,
    "clinc": clinc,
    "banking": banking,
    "million": million,
    "findings": findings,
    "one_offs": one_offs,
}


def main(names: list[str]) -> None:
    """Measure the named parts, or all; keep what the others had."""
    figures = read_json(RESULTS) if RESULTS.exists() else {}
    for name in names or list(PARTS):
        figures[name] = PARTS[name]()
        print(name, json.dumps(figures[name]), flush=True)
        write_json(RESULTS, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
