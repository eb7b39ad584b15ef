import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from sklearn.feature_extraction.text import HashingVectorizer

from ratchet.analyze import gap_clusters
from ratchet.analyze.gap_clusters import ONE_OFF, cluster, same_as

THINGS = ["the Q3 report", "my notes", "the handbook", "the press release", "the minutes", "the budget", "the contract"]
ASKED = {
    "podcast": ["make a podcast episode out of {}", "turn {} into a podcast", "podcast of {} please"],
    "macro": ["record an excel macro for {}", "write a macro that fills {}", "change the excel macro in {}"],
    "outlook": ["sync {} with my outlook calendar", "import {} from outlook", "outlook calendar entry for {}"],
}
TEXTS = {form.format(thing): what for what, forms in ASKED.items() for form in forms for thing in THINGS}
ALIEN = ["zebra quilting xylophone", "fjord kayak monsoon", "птица поёт"]


@pytest.fixture(scope="module")
def found():
    texts = sorted([*TEXTS, *ALIEN])
    return texts, cluster(texts)


def test_texts_of_one_wish_are_together_and_strangers_alone(found):
    texts, clusters = found
    wishes = {}
    for text, label in zip(texts, clusters.labels.tolist(), strict=True):
        if label != ONE_OFF:
            wishes.setdefault(label, set()).add(TEXTS.get(text))
    assert all(len(inside) == 1 for inside in wishes.values())
    assert {what for inside in wishes.values() for what in inside} == set(ASKED)
    assert [clusters.labels[texts.index(alien)] for alien in ALIEN] == [ONE_OFF] * len(ALIEN)


def test_the_same_texts_give_the_same_bytes(found):
    texts, clusters = found
    again = cluster(texts)
    assert again.labels.tobytes() == clusters.labels.tobytes()
    assert again.sketches.tobytes() == clusters.sketches.tobytes()


def test_a_fresh_process_works_in_one_thread_too():
    """Sums of several threads come in any order, so another night would get other clusters of the same texts."""
    code = """
import numpy as np, threadpoolctl
from ratchet.analyze import gap_clusters
seen = []
micros = gap_clusters._micros
def watched(*arguments):
    seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
    return micros(*arguments)
gap_clusters._micros = watched
gap_clusters.cluster([f"make a podcast of report {n}" for n in range(40)])
print(sorted(set(seen)))
"""
    two = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | two, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[1]\n"


def test_clusters_are_recognised_on_another_night_that_lacks_some_texts(found):
    texts, clusters = found
    other = [t for number, t in enumerate(texts) if number % 4] + ["brand new wish about drones"]
    tonight = cluster(sorted(other))
    same = same_as(tonight.sketches, clusters.sketches)
    assert (same >= 0).mean() > 0.5
    for row, at in enumerate(same.tolist()):
        if at >= 0:
            now = {TEXTS.get(t) for t, at_ in zip(sorted(other), tonight.labels, strict=True) if at_ == row}
            assert now == {TEXTS.get(t) for t, at_ in zip(texts, clusters.labels, strict=True) if at_ == at}


def test_the_nearest_of_two_gets_the_name_and_far_ones_none():
    known = np.eye(3, dtype=np.float32)
    close = np.array([[1, 0.1, 0], [0.9, 0.4, 0], [0, 0, -1]], np.float32)
    close /= np.linalg.norm(close, axis=1, keepdims=True)
    assert same_as(close, known).tolist() == [0, ONE_OFF, ONE_OFF]
    assert same_as(close, known[:0]).tolist() == [ONE_OFF] * 3


@pytest.mark.parametrize("texts", [[], ["alone"], ["a", "b"], ["", "?", "。"]])
def test_too_few_texts_are_one_offs(texts):
    clusters = cluster(texts)
    assert clusters.labels.tolist() == [ONE_OFF] * len(texts)
    assert len(clusters.sketches) == 0


def test_a_text_that_is_asked_often_is_a_cluster_by_itself():
    clusters = cluster(["make a podcast", "nothing like it"], alone=np.array([True, False]))
    assert clusters.labels.tolist() == [0, ONE_OFF]
    assert np.linalg.norm(clusters.sketches[0]) == pytest.approx(1)


def test_texts_that_have_nothing_to_do_with_each_other_stay_one_offs():
    rng = np.random.default_rng(3)
    sounds = ["ba", "do", "ki", "lu", "me", "no", "pra", "ri", "sto", "ta", "vel", "zu", "gan", "fi", "her", "wo"]
    words = ["".join(rng.choice(sounds, rng.integers(2, 5))) for _ in range(20_000)]
    texts = sorted({" ".join(rng.choice(words, 7)) for _ in range(3_000)})
    found = cluster(texts)
    assert found.one_offs > 0.8 * len(texts)  # the rest share one of the short words
    assert cluster(texts[:500], radius=-1.0).one_offs == 0  # without a floor they would all be in some cluster


def test_a_text_without_a_word_of_its_cluster_is_a_one_off():
    texts = ["podcast alpha", "podcast beta", "podcast gamma", "zebra delta", *(f"macro n{n}" for n in range(4))]
    labels = np.array([0] * 4 + [1] * 4)
    found = gap_clusters._supported(gap_clusters._words(texts), labels)
    assert found.tolist() == [0, 0, 0, ONE_OFF, 1, 1, 1, 1]


def test_a_word_is_no_clusters_own_where_it_is_as_frequent_elsewhere():
    texts = ["please alpha", "please beta", "please gamma", "please delta"]
    found = gap_clusters._supported(gap_clusters._words(texts), np.array([0, 0, 1, 1]))
    assert found.tolist() == [ONE_OFF] * 4


def test_one_cluster_of_thousands_of_words_costs_no_memory_for_each_pair_of_text_and_word():
    """100,000 texts in one cluster once took 16.6 GB here: every text held every word of its cluster."""
    texts = [f"w{n} w{n + 1} w{n + 2}" for n in range(4_000)]
    words = gap_clusters._words(texts)
    tracemalloc.start()
    found = gap_clusters._supported(words, np.zeros(len(texts), np.int64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found == 0).all()
    assert peak < 20 * 2**20  # 4,000 texts x 4,000 words x 8 bytes are 128 MB


@pytest.mark.parametrize(
    "texts", [["ΣΑΣ ΟΔΥΣΣΕΥΣ", "a b  c\td\u00a0e", "İstanbul straße ﬁ", "報告書を音声", "x x"], ["", "?"]]
)
def test_letters_are_those_of_the_vectoriser_that_reads_whole_texts(texts):
    whole = HashingVectorizer(
        n_features=gap_clusters.PLACES,
        alternate_sign=False,
        norm=None,
        analyzer="char_wb",
        ngram_range=(3, 4),
    ).transform(texts)
    assert (gap_clusters._letters(texts) != whole).nnz == 0


def test_texts_without_spaces_are_grouped_by_pairs_of_letters():
    things = ["報告書", "会議録", "予算案", "契約書", "計画書", "手引書", "名簿表", "年表図"]
    texts = sorted(
        [f"{t}を音声番組にしてください" for t in things] + [f"{t}の表計算を直す方法は何ですか" for t in things]
    )
    labels = cluster(texts).labels
    assert len({*labels.tolist()} - {ONE_OFF}) >= 1
    assert (labels >= 0).mean() > 0.5
