from datetime import date

import pandas as pd

from ratchet.analyze.raters import KEPT_SETS, agreements

DAY = date(2026, 11, 20)


def sets(*rows):
    frame = pd.DataFrame(rows, columns=["kind", "rater", "question", "scores", "items", "patterns"])
    return frame.assign(as_of=pd.Timestamp(DAY))


def test_raters_are_told_apart_by_kind_and_question_the_most_judged_first():
    frame = sets(
        ("score", "expert", "tone", [0.0, 0.0], 20, 2),
        ("score", "expert", "tone", [0.0, 10.0], 20, 2),
        ("thumb", "user", "", [10.0, 10.0], 3, 1),
    )
    tone, thumbs = agreements(frame, DAY)
    assert (tone["question"], tone["items"], tone["ratings"], tone["unanimous"]["value"]) == ("tone", 40, 80, 0.5)
    assert tone["alpha"]["value"] == tone["alpha_nominal"]["value"] < 0
    assert (thumbs["alpha"]["value"], "fewer than 10" in thumbs["alpha"]["reason"]) == (None, True)


def test_sets_that_were_cut_off_give_no_figure():
    [found] = agreements(sets(("score", "user", "", [1.0, 2.0], 90, KEPT_SETS + 1)), DAY)
    assert found["alpha"]["value"] is None
    assert "different sets" in found["alpha"]["reason"]


def test_nobody_judged_anything():
    assert agreements(sets(), DAY) == []
