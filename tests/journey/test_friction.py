"""Signs of friction: each by hand, a planted slow page found, noise called noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey.differences import FALSE_SHARE, benjamini_hochberg


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


def test_only_the_groups_named_are_looked_at_and_they_are_as_among_all():
    rows = [(f"v{i}", 60 * k, "view", "/a") for i in range(40) for k in range(i % 6)]
    shop = shop_with([*BUYER, *[(f"b{i}", 0, "purchase", "/thanks") for i in range(20)], *rows])
    every = jl.journey.friction(shop, value=10, by="device").rows
    one = jl.journey.friction(shop, value=10, by="device", groups=["mobile"]).rows
    assert set(one["group"]) == {"mobile"}
    same = every[every["group"] == "mobile"].set_index(["sign", "place"])[["n", "of", "won"]].sort_index()
    assert same.equals(one.set_index(["sign", "place"])[["n", "of", "won"]].sort_index())
    with pytest.raises(jl.BadParameter, match="groups is a list"):
        jl.journey.friction(shop, value=10, groups=["mobile"])


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


def crowd(*, seed=0, stuck=0.0, stores=1, visitors=3000):
    """Visits of one to six of twelve product pages; `stuck` of those at the first one end there.

    Mobile visitors wait longer and buy less, but waiting itself does nothing, nor does anything else. Pages differ in
    how often visits end there by themselves.
    """
    return shop_of(
        {
            "events": f"""WITH visits AS (SELECT v, 's' || v % {stores} AS country, hash(v + {seed} * 1000003) AS h
                FROM range({visitors * stores}) t(v)), drawn AS (SELECT *,
                if(h % 10 < 5, 'mobile', 'desktop') AS device, 1 + hash(h + 1) % 6 AS views,
                hash(h + 2) % 100 < if(h % 10 < 5, 20, 50) AS buys FROM visits), seen AS (
                SELECT v, country, device, h, k, views, buys, (hash(h + 10 + k) % 12) & ~(hash(h + 50 + k) % 3 = 0)::INT
                AS page FROM drawn, range(6) t(k) WHERE k < views), left_ AS (SELECT v, min(k) AS last FROM seen
                WHERE page = 0 AND hash(h + 90 + k) % 1000 < {1000 * stuck} GROUP BY v)
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-01-01' + to_seconds(60 * k) AS occurred_at,
                DATE '2026-01-01' AS day, if(k = 9, 'purchase', 'view') AS event, country, device,
                if(k = 9, '/thanks', '/products/p' || page) AS page,
                if(hash(h + 30 + k) % 100 < if(device = 'mobile', 50, 10), 4000, 400)::DOUBLE AS load_ms
                FROM (SELECT v, country, device, h, k, page FROM seen LEFT JOIN left_ USING (v)
                WHERE last IS NULL OR k <= last UNION ALL SELECT v, country, device, h, 9, 99 FROM drawn
                LEFT JOIN left_ USING (v) WHERE buys AND last IS NULL)"""
        }
    )


def test_a_planted_dead_end_stands_out_among_places_of_its_kind_and_its_money_is_about_right():
    usual, stuck = (jl.journey.friction(crowd(seed=3, stuck=share), value=50, margin=0.4) for share in (0, 0.4))
    ends = stuck.rows[stuck.rows["sign"] == "ended"].set_index("place")
    assert not usual.rows.loc[usual.rows["sign"] == "ended", "clear"].any()
    assert ends.index[ends["clear"]].tolist() == ["/products/p0"]
    assert "at 11 other places of its kind" in ends.loc["/products/p0", "evidence"]
    bought = [jl.journey.sessions(crowd(seed=3, stuck=share)).trend["n"].sum() for share in (0, 0.4)]
    lost = bought[0] - bought[1]
    assert ends.loc["/products/p0", "lower"] < lost * 20 < ends.loc["/products/p0", "upper"]


def test_a_place_without_others_of_its_kind_is_counted_and_not_compared():
    rows = jl.journey.friction(shop_with([*BUYER, ("v", 0, "view", "/cart")]), value=10).rows
    row = rows[(rows["sign"] == "ended") & (rows["place"] == "/cart")].iloc[0]
    assert (row["n"], row["of"]) == (1, 1)
    assert np.isnan(row["p"])
    assert "so it is not compared" in row["evidence"]


def test_slow_pages_of_a_slow_device_are_no_finding_within_the_device():
    shop = crowd(seed=1, visitors=6000)
    apart, together = (jl.journey.friction(shop, value=1, within=within) for within in (None, ()))
    assert (together.found()["sign"] == "slow").sum() >= 10, "mobile waits and buys less"
    assert not len(apart.found())
    assert apart.within == ("device",)
    assert "sessions within each device" in apart.caveats[-1]


def test_at_least_95_of_100_noise_stores_show_no_finding():
    clean = 0
    for seed in range(5):
        shop = crowd(seed=seed, stores=20, visitors=400)
        rows = jl.journey.friction(shop, value=1, by="country", draws=200).rows
        for _store, mine in rows.groupby("group"):  # each store corrects for its own looks only
            clean += not ((benjamini_hochberg(mine["p"]) < FALSE_SHARE) & (mine["lower"] > 0)).any()
        shop.close()
    assert clean >= 95


def heard(*, unhappy=40, satisfied=", if(i % 7 = 0, NULL, i % 2 = 1 OR i % 3 = 0) AS satisfied"):
    """A shop whose customers answer and write: delivery is planted as the pain, in answers and in cases."""
    return shop_of(
        {
            "events": "SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day, "
            "if(i % 3 = 0, 'purchase', 'view') AS event FROM range(90) t(i)",
            "surveys": f"""SELECT 'r' || i AS response_id, TIMESTAMP '2026-01-01' AS answered_at, DATE '2026-01-01' AS
                day, if(i % 4 < 2, 'csat', 'nps') AS kind, if(i % 4 < 2, 5, 10)::DOUBLE AS scale, if(i % 2 = 0 AND
                i < 2 * {unhappy}, 2, if(i % 4 < 2, 5, 9))::DOUBLE AS score, if(i % 2 = 0, 'delivery', 'payment') AS
                touchpoint FROM range(400) t(i)""",
            "tickets": f"""SELECT 't' || i AS ticket_id, TIMESTAMP '2026-01-01' AS opened_at, ['delivery', 'refund'][1 +
                i % 2] AS topic {satisfied} FROM range(300) t(i)""",
        }
    )


def test_answers_and_support_cases_are_evidence_with_their_kind_and_number():
    result = jl.journey.friction(heard(), value=10)
    rows = result.rows[result.rows["sign"].isin(("answer", "case"))].set_index("finding")
    assert rows["type"].to_dict() == {
        "unhappy answers about delivery": "emotional",
        "unhappy answers about payment": "financial",
        "support cases about delivery": "support",
        "support cases about refund": "financial",
    }
    assert rows.loc["unhappy answers about delivery", ["n", "of"]].tolist() == [40, 200]
    assert rows["clear"].sum() == 2
    assert rows["margin"].isna().all()
    assert "40 of 200 who said were unhappy (20.0 %" in rows.loc["unhappy answers about delivery", "evidence"]
    assert "Clearly least happy: support cases about delivery" in result.headline()
    assert result.chart().to_dict()["$schema"]


def test_answers_are_compared_with_answers_of_their_kind_and_equal_ones_are_no_finding():
    rows = jl.journey.friction(heard(unhappy=0), value=10).rows
    assert not rows.loc[rows["sign"] == "answer", "clear"].any()


def test_cases_that_do_not_say_whether_the_customer_was_satisfied_are_counted_only():
    rows = jl.journey.friction(heard(satisfied=""), value=10).rows
    cases = rows[rows["sign"] == "case"].set_index("place")
    assert cases.loc["refund", ["n", "of"]].tolist() == [150, 300]
    assert cases["p"].isna().all()
    assert cases.loc["refund", "evidence"] == "150 of 300 cases (50.0 %)."


def after_shop(less, n=120):
    """A shop whose unhappy customers leave `less` less in each later order; orders of other days lead astray."""
    cases = f"""SELECT 't' || i AS ticket_id, 'c' || i AS customer_id, TIMESTAMP '2025-02-01 09:00' AS opened_at,
        'delivery' AS topic, i % 2 = 0 AS satisfied FROM range({n}) r(i)"""
    orders = f"""SELECT 'o' || i || '-' || day AS order_id, 'c' || i AS customer_id, day::TIMESTAMP AS ordered_at, day,
        'completed' AS status, (CASE WHEN day < DATE '2025-02-01' OR day > DATE '2025-08-01' THEN 500 WHEN i % 2 = 0
        THEN 50 + i % 5 ELSE 50 + i % 5 - {less} END)::DECIMAL(18,4) AS net FROM range({n}) r(i), (VALUES
        (DATE '2025-01-05'), (DATE '2025-03-01'), (DATE '2025-05-01'), (DATE '2025-12-01')) d(day)"""
    events = """SELECT 'v' AS visitor_id, TIMESTAMP '2025-03-01' AS occurred_at, DATE '2025-03-01' AS day, event,
        order_id FROM (VALUES ('view', NULL), ('purchase', 'o0-2025-03-01')) e(event, order_id)"""
    return shop_of({"events": events, "orders": orders, "tickets": cases})


def test_what_the_unhappy_left_less_afterwards_stands_beside_their_cases():
    result = jl.journey.friction(after_shop(less=10))
    row = result.rows.set_index("finding").loc["support cases about delivery"]
    assert row["lower"] < 60 * 2 * 10 < row["upper"]  # sixty of them, two orders each within the half year
    assert "60 unhappy customers left €20 less each than 60 content ones" in row["evidence"]
    assert result.aftermath["clear"].tolist() == [True]
    assert not row["clear"]  # a topic alone has nothing to be compared with, and money decides nothing
    assert any("it goes with it, and may come from elsewhere" in caveat for caveat in result.caveats)


def test_the_unhappy_who_leave_as_much_have_an_interval_about_nothing():
    row = jl.journey.friction(after_shop(less=0)).rows.set_index("finding").loc["support cases about delivery"]
    assert row["lower"] < 0 < row["upper"]


def test_with_fewer_than_thirty_on_a_side_no_money_is_named_and_the_card_says_so():
    result = jl.journey.friction(after_shop(less=10, n=50))
    assert result.rows.set_index("finding").loc["support cases about delivery", ["margin"]].isna().all()
    assert any("No money stands beside answers and cases" in caveat for caveat in result.caveats)


def test_the_interval_of_what_the_unhappy_left_less_covers_it_about_as_often_as_its_level_says():
    from journeylab.journey.aftermath import compared

    rng, covered = np.random.default_rng(5), 0
    for _ in range(300):
        cells = []
        for before, mean in enumerate((20.0, 60.0, 90.0)):
            for unhappy, n in ((True, 25), (False, 60)):
                money = rng.gamma(2.0, (mean - 8 * unhappy) / 2, n)
                cells.append(("x", "all", before, unhappy, n, money.sum(), (money**2).sum()))
        counts = pd.DataFrame(cells, columns=["place", "part", "before", "unhappy", "n", "money", "money2"])
        row = compared(counts, 0.9).iloc[0]
        covered += row["lower"] <= 75 * 8 <= row["upper"]
    assert 255 <= covered <= 285
