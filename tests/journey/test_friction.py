"""Signs of friction: each by hand, a planted slow page found, noise called noise."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of


def shop_with(rows):
    """Rows of (visitor, seconds, event, page, load_ms, query, results)."""
    told = ", ".join(
        "(" + ", ".join("NULL" if x is None else repr(x) for x in (*row, *[None] * (7 - len(row)))) + ")"
        for row in rows
    )
    return shop_of(
        {
            "events": "SELECT v AS visitor_id, TIMESTAMP '2026-01-01' + to_seconds(s) AS occurred_at, "
            "DATE '2026-01-01' AS day, event, page, load_ms::DOUBLE AS load_ms, query::VARCHAR AS query, "
            "results::BIGINT AS results, if(hash(v) % 2 = 0, 'mobile', 'desktop') AS device "
            f"FROM (VALUES {told}) t(v, s, event, page, load_ms, query, results)"
        }
    )


def sign(result, name, place=""):
    rows = result.rows[(result.rows["sign"] == name) & (result.rows["place"] == place)]
    return rows.iloc[0] if len(rows) else None


BUYER = [("b", 0, "view", "/a"), ("b", 60, "view", "/c"), ("b", 90, "purchase", "/thanks")]


@pytest.mark.parametrize(
    ("name", "place", "rows"),
    [
        ("loop", "/a", [("v", 60 * i, "view", page) for i, page in enumerate(["/a", "/a", "/b", "/a", "/a"])]),
        ("back", "/a", [("v", 0, "view", "/a"), ("v", 60, "view", "/b"), ("v", 120, "view", "/a")]),
        ("rapid", "/a", [("v", 0, "click", "/a"), ("v", 1, "click", "/a"), ("v", 2, "click", "/a")]),
        ("slow", "/a", [("v", 0, "view", "/a", 3000)]),
        ("ended", "/a", [("v", 0, "view", "/a")]),
        ("many", "", [("v", i, "search", "/s", None, f"q{i}", 3) for i in range(3)]),
        ("empty", "", [("v", 0, "search", "/s", None, "q", 0)]),
        ("help", "", [("v", 0, "view", "/pages/contact")]),
        ("checkout", "", [("v", 0, "begin_checkout", "/checkout")]),
    ],
)
def test_each_sign_is_seen_where_it_is_and_not_where_it_is_not(name, place, rows):
    result = jl.journey.friction(shop_with([*BUYER, *rows]), value=10)
    assert sign(result, name, place)["n"] == 1
    assert sign(result, name, "/c") is None
    assert len(sign(result, name, place)["evidence"]) > 20


def test_what_comes_after_the_goal_is_no_friction():
    rows = [*BUYER, *[("b", 100 + i, "view", "/a") for i in range(9)]]
    assert sign(jl.journey.friction(shop_with(rows), value=10), "loop", "/a") is None


def planted(seed, *, slow_share=0.5, visitors=1200):
    rng = np.random.default_rng(seed)
    rows, missed = [], 0.0
    for i in range(visitors):
        is_slow = rng.random() < 0.4
        rows.append((f"v{i}", 0, "view", "/pay", 5000 if is_slow else 400))
        if rng.random() < 0.5 * (slow_share if is_slow else 1):
            rows.append((f"v{i}", 60, "purchase", "/thanks", 300))
        missed += is_slow * 0.5 * (1 - slow_share)
    return shop_with(rows), missed


def test_a_planted_slow_page_is_found_with_its_type_and_its_money():
    shop, missed = planted(1)
    result = jl.journey.friction(shop, value=50, margin=0.4)
    top = result.found().iloc[0]
    assert (top["sign"], top["type"], top["place"]) == ("slow", "performance", "/pay")
    assert top["lower"] < missed * 20 < top["upper"]
    assert "performance" in result.headline()
    assert result.chart().to_dict()["$schema"]


def test_noise_is_called_noise():
    found = 0
    for seed in range(8):
        shop, _missed = planted(seed, slow_share=1.0, visitors=300)
        found += (jl.journey.friction(shop, value=1, draws=100).found()["sign"] == "slow").any()
        shop.close()
    assert found <= 1


def test_groups_are_looked_at_apart_and_add_up():
    shop, _missed = planted(2)
    whole = sign(jl.journey.friction(shop, value=1), "slow", "/pay")
    split = jl.journey.friction(shop, value=1, by="device").rows
    split = split[(split["sign"] == "slow") & (split["place"] == "/pay")]
    assert set(split["group"]) == {"mobile", "desktop"}
    assert split["n"].sum() == whole["n"]


def test_without_a_goal_nothing_can_be_compared_and_that_is_said():
    with pytest.raises(jl.NotEnoughData, match="reaches the goal"):
        jl.journey.friction(shop_with([("v", 0, "view", "/a")]), value=1)
