"""Who answers: shares against pandas, a planted bias mended by weighing, and what a reward changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import answers_shop, shop_of


def biased() -> jl.Dataset:
    """Return 1,000 customers worth 1 to 1,000: those above 800 are glad and all answer, others are not, one in five."""
    return shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, 'c' || i AS customer_id, DATE '2026-01-01' AS day,
                TIMESTAMP '2026-01-01' AS ordered_at, 'completed' AS status, i::DECIMAL(18,4) AS net
                FROM range(1, 1001) t(i)""",
            "surveys": """SELECT 'r' || i AS response_id, 'c' || i AS customer_id,
                TIMESTAMP '2026-01-20' AS answered_at,
                DATE '2026-01-20' AS day, 'nps' AS kind,
                CASE WHEN i > 800 THEN 10 WHEN i % 2 = 0 THEN 3 ELSE 8 END::DOUBLE AS score, i % 3 = 0 AS incentive,
                CASE WHEN i % 2 = 0 THEN 'late' END AS comment
                FROM range(1, 1001) t(i) WHERE i > 800 OR i % 5 < 1""",
        }
    )


def test_a_planted_bias_is_seen_and_mended_by_weighing():
    found = jl.customers.response_bias(biased())
    assert found.rows["rate"].tolist() == pytest.approx([0.2, 0.2, 0.2, 0.2, 1.0])
    assert found.score == pytest.approx(100 * (200 - 80) / 360)
    truth = 100 * (0.2 * 1 - 0.8 * 0.5)
    assert found.weighted == pytest.approx(truth)
    assert found.weighted_lower <= truth <= found.weighted_upper
    assert "100.0 % answered, of the lowest 20.0 %" in found.headline()
    assert "would be −20" in found.headline()
    assert f"would stay {found.score:+.0f} (" in replace(found, weighted=found.score).headline()


def test_rates_and_scores_agree_with_pandas(spoken):
    found = jl.customers.response_bias(spoken)
    orders, answers = (spoken.run(spoken.table(name)) for name in ("orders", "surveys"))
    nps = answers[(answers["kind"] == "nps") & (answers["score"] <= 10)].dropna(subset=["customer_id"])
    assert found.rows["of"].sum() == orders["customer_id"].nunique()
    assert found.rows["n"].sum() == nps["customer_id"].nunique()
    points = np.select([nps["score"] >= 9, nps["score"] <= 6], [100, -100], 0)
    assert found.score == pytest.approx(points.mean())
    assert [found.chart(view).to_dict() for view in found.views]


def test_the_reward_of_the_demo_store_lifts_the_stars_as_planted(demo_customers):
    shop = demo_customers
    found = jl.customers.response_bias(shop, kind="stars")
    score = found.incentive.set_index("measure").loc["score"]
    # A star more with chance 0.35, where one can be added: below that on a scale that ends at five.
    assert 0 < score["lower"] < score["difference"] < 0.35
    assert any("Rewarded answers" in said and "beyond chance" in said for said in found.caveats)
    plain = jl.customers.response_bias(shop, kind="nps")
    assert plain.incentive.empty
    assert plain.chart("reward").to_dict()


def test_rewards_are_compared_at_the_same_touchpoints():
    # Rewards change nothing at either touchpoint, but are given where scores are high.
    rows = "SELECT 'easy' AS t, 10 AS s, true AS w FROM range(80) UNION ALL SELECT 'easy', 10, false FROM range(20) "
    rows += "UNION ALL SELECT 'hard', 0, true FROM range(20) UNION ALL SELECT 'hard', 0, false FROM range(80)"
    shop = shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, 'c' || i AS customer_id, DATE '2026-01-01' AS day,
                TIMESTAMP '2026-01-01' AS ordered_at, 'completed' AS status, 10::DECIMAL(18,4) AS net
                FROM range(200) t(i)""",
            "surveys": f"""SELECT 'r' || n AS response_id, 'c' || n AS customer_id,
                TIMESTAMP '2026-01-02' AS answered_at,
                DATE '2026-01-02' AS day, 'nps' AS kind, s::DOUBLE AS score, w AS incentive, t AS touchpoint
                FROM (SELECT *, row_number() OVER (ORDER BY t, s, w) - 1 AS n FROM ({rows}))""",
        }
    )
    found = jl.customers.response_bias(shop).incentive.set_index("measure")
    assert found.loc["score", "lower"] > 0
    assert found.loc["score at the same touchpoints", "difference"] == 0


def test_what_is_missing_is_said(spoken):
    with pytest.raises(jl.SchemaError, match="customer id of orders"):
        jl.customers.response_bias(answers_shop())
    with pytest.raises(jl.NotEnoughData, match="gave an answer of this kind"):
        jl.customers.response_bias(spoken.between("2025-01-01", "2025-01-02"), kind="ces")
