"""Themes of comments: the planted pain first, words of any language, effects that cover, and nobody's address shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import comments, pain_words, theme_effects, theme_model
from journeylab.data.examples import shop_of
from tests.customers.voices import voices


def commented(texts: list[tuple[str, int]], *, times: int = 30) -> jl.Dataset:
    """Return a shop of NPS answers with these comments and scores, each given some times."""
    values = ", ".join("('{}', {})".format(text.replace("'", "''"), score) for text, score in texts)
    return shop_of(
        {
            "surveys": f"""SELECT comment || k AS response_id, TIMESTAMP '2026-01-01' AS answered_at,
                DATE '2026-01-01' + CAST(k AS INTEGER) AS day, 'nps' AS kind, score::DOUBLE AS score,
                10::DOUBLE AS scale, comment
                FROM (VALUES {values}) t(comment, score), range({times}) s(k)"""
        }
    )


def test_the_demo_stores_pain_is_ranked_first_with_its_evidence(demo_customers):
    personas = jl.customers.personas(demo_customers)
    found = jl.customers.themes(demo_customers, personas=personas)
    first = found.rows.iloc[0]
    assert first["touchpoint"] == "delivery"
    assert first["pain"] == "performance"
    assert first["clear"]
    assert first["effect_upper"] < 0
    assert "Gifts" in first["group"]
    assert first["times"] > 2
    assert "parcel" in first["quote"]
    assert "delivery" in found.headline()
    assert "Gifts" in found.headline()


def test_pains_cost_score_and_praise_brings_it_in_the_demo_store(demo_customers):
    rows = jl.customers.themes(demo_customers).rows
    assert (rows.loc[rows["pain"] != "none", "effect"] < 0).all()
    assert (rows.loc[rows["pain"] == "none", "effect"] > 0).all()
    kinds = dict(zip(rows["touchpoint"], rows["pain"], strict=True))
    assert rows["n"].sum() <= rows["of"].iloc[0]
    assert set(kinds) == {"delivery", "product", "website", "checkout"}


GERMAN = [
    ("die lieferung kam viel zu spät", 2), ("zu spät geliefert, das paket kam nach wochen", 3),
    ("viel zu teuer geworden", 3), ("der preis ist zu hoch, alles teuer", 4),
    ("wunderbarer kaffee, sehr frisch", 10), ("der kaffee schmeckt frisch und gut", 9),
    ("schöne tassen, tolle farbe", 10), ("die tassen haben eine schöne farbe", 10),
]  # fmt: skip
JAPANESE = [
    ("配送がとても遅いです", 2), ("荷物の配送が遅すぎる", 3), ("値段が高いと思います", 3), ("とても値段が高い", 4),
    ("コーヒーが美味しいです", 10), ("美味しいコーヒーでした", 9), ("カップの色がきれい", 10),
    ("きれいな色のカップ", 10),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "one", "other"), [(GERMAN, "spät", "teuer"), (JAPANESE, "遅", "高い")])
def test_themes_are_found_in_any_language(texts, one, other):
    found = jl.customers.themes(commented(texts), count=2)
    pains = found.rows.loc[found.rows["pain"] != "none", "theme"]
    quotes = [found.quotes.loc[found.quotes["theme"] == theme, "quote"] for theme in pains]
    assert len(quotes) == 2
    assert sum(all(one in quote for quote in told) for told in quotes) == 1
    assert sum(all(other in quote for quote in told) for told in quotes) == 1


def test_german_pains_are_typed_by_the_usual_words():
    rows = jl.customers.themes(commented(GERMAN), count=2).rows
    assert set(rows["pain"]) == {"performance", "financial", "none"}


def test_the_words_of_a_pain_can_be_edited():
    shop = commented(GERMAN)
    own = jl.customers.themes(shop, count=2, pains={"performance": ["gibtsnicht"], "support": ["Geliefert", "spät"]})
    assert "support" in set(own.rows["pain"])
    assert "performance" not in set(own.rows["pain"])
    with pytest.raises(jl.BadParameter, match="no kind of pain called 'weather'"):
        jl.customers.themes(shop, pains={"weather": ["rain"]})
    with pytest.raises(jl.BadParameter, match="must be a list"):
        jl.customers.themes(shop, pains={"support": "rain"})


def test_a_word_with_a_full_stop_fits_whole_words_only():
    words = pain_words.checked({"financial": ["fee."]})
    assert pain_words.shares(["it feels good"], words)["financial"] == 0
    assert pain_words.shares(["the FEE, again"], words)["financial"] == 1


def test_personal_data_is_masked_wherever_a_comment_is_shown():
    shop = commented(
        [
            ("slow delivery, write to ann.b@example.com or +49 30 1234567", 1),
            ("slow delivery, see https://example.com/me?id=9 @annb DE89 3704 0044 0532 0130 00", 2),
            ("great beans", 10),
            ("great coffee beans", 9),
        ]
    )
    found = jl.customers.themes(shop, count=2)
    shown = found.table().to_csv() + found.quotes.to_csv() + str(found.chart().to_dict())
    for secret in ("ann.b", "example.com", "1234567", "annb", "3704"):
        assert secret not in shown
    assert "[e-mail]" in shown


@pytest.mark.parametrize("text", ["2 mugs for 24.90", "10 out of 10", "since 2019", "room 12345"])
def test_ordinary_numbers_stay(text):
    assert comments.masked(text) == text


def test_comments_are_bounded_and_said(spoken):
    found = jl.customers.themes(spoken, most=100, count=2)
    assert found.n == 100
    assert found.caveats[0].startswith(f"100 of {found.of} comments were read")


def test_the_same_comments_in_another_order_give_the_same_themes(spoken):
    from dataclasses import replace

    shuffled = {**spoken.tables, "surveys": spoken.table("surveys").order_by(lambda t: t.score, "response_id")}
    one, other = jl.customers.themes(spoken), jl.customers.themes(replace(spoken, tables=shuffled))
    pd.testing.assert_frame_equal(one.table(), other.table())


def test_too_few_comments_are_said():
    with pytest.raises(jl.NotEnoughData, match="too few to find themes"):
        jl.customers.themes(commented([("slow", 1), ("good", 10)], times=3))
    with pytest.raises(jl.NotEnoughData, match="No answer in this period has a comment"):
        jl.customers.themes(voices().between("2024-01-01", "2024-01-02"))


@pytest.mark.slow
def test_the_interval_of_an_effect_covers_the_planted_one_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(2000):
        inside = rng.random(200) < 0.3
        place = np.clip(0.7 - 0.2 * inside + rng.normal(0, 0.1, 200), 0, 1)
        rows = pd.DataFrame({"kind": rng.choice(["nps", "csat"], 200), "place": place, "half": True})
        told = comments.Comments(rows, 200, grouped=False)
        found = theme_model.Found([("a",)], np.array([True]), np.where(inside, 0, -1), inside * 1.0, characters=False)
        row = theme_effects.effects(told, found, level=0.95).iloc[0]
        hits.append(row["effect_lower"] <= -20 <= row["effect_upper"])
    assert 0.935 <= np.mean(hits) <= 0.965


def test_progress_is_told_and_changes_nothing(spoken):
    told: list[float] = []
    one = jl.customers.themes(spoken, progress=lambda share, _words: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    pd.testing.assert_frame_equal(one.table(), jl.customers.themes(spoken).table())
    assert "progress" not in one.call.python()
