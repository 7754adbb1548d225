"""Looking closer: carts, searches, stock, those who dropped, and what if."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey import tally
from tests.journey.test_friction import shop_with
from tests.journey.test_funnel import shop_with as log_with

DAY = 60 * 24


def test_a_cart_is_bought_comes_back_is_left_or_is_open():
    log = [("a", 0, "add_to_cart"), ("a", 5, "purchase"), ("b", 0, "add_to_cart"), ("b", 3 * DAY, "purchase")]
    log += [("c", 0, "add_to_cart"), ("c", 9 * DAY, "purchase"), ("d", 20 * DAY, "add_to_cart"), ("e", 5, "purchase")]
    result = jl.journey.carts(log_with(log))
    assert result.ends.set_index("end")["n"].to_dict() == {"bought": 1, "recovered": 1, "abandoned": 1, "open": 1}
    assert result.table().set_index("measure")[["n", "of"]].values.tolist() == [[2, 3], [1, 2]]
    assert result.chart().to_dict()["$schema"]


def test_carts_with_a_reminder_stand_beside_those_without():
    events = """SELECT 'v' || i AS visitor_id, 'c' || i AS customer_id, DATE '2026-01-01' AS day,
        'add_to_cart' AS event, TIMESTAMP '2026-01-01' AS occurred_at, 20::DECIMAL(18,4) AS value
        FROM range(40) t(i) UNION ALL SELECT 'v' || i, 'c' || i, DATE '2026-01-03', 'purchase',
        TIMESTAMP '2026-01-03', NULL FROM range(40) t(i) WHERE i < 10 OR i >= 36 UNION ALL
        SELECT 'z', NULL, DATE '2026-03-01', 'page_view', TIMESTAMP '2026-03-01', NULL"""
    contacts = "SELECT 'c' || i AS customer_id, TIMESTAMP '2026-01-02' AS sent_at FROM range(20) t(i)"
    result = jl.journey.carts(shop_of({"events": events, "contacts": contacts}))
    rows = result.table().set_index("measure")
    assert rows.loc["came back with a reminder", ["n", "of"]].tolist() == [10, 20]
    assert rows.loc["came back without a reminder", ["n", "of"]].tolist() == [4, 20]
    assert rows.loc["left on the day", "net"] == 800
    assert result.reminder["difference"].item() == pytest.approx(0.3)


def test_search_terms_are_counted_by_session_and_those_that_find_nothing_are_named():
    rows = [
        ("v", 0, "search", "/s", None, "Mug ", 5),
        ("v", 9, "search", "/s", None, "mug", 5),
        ("v", 20, "purchase", "/t"),
    ]
    rows += [(f"w{i}", 0, "search", "/s", None, "teapot", 0) for i in range(3)]
    result = jl.journey.searches(shop_with(rows), value=10)
    found = result.table().set_index("term")
    assert found.loc["mug", ["n", "won", "empty", "net"]].tolist() == [1, 1, 0, 10]
    assert found.loc["teapot", ["n", "won", "empty", "told"]].tolist() == [3, 0, 3, 3]
    assert "“teapot” found nothing in 3 of 3 sessions" in result.headline()
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


def test_drop_off_is_split_by_whether_the_product_was_in_stock():
    events = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' + to_days((i % 2)::INT) AS occurred_at,
        DATE '2026-01-01' + (i % 2)::INT AS day, 'view' AS event, if(i < 80, 'mug', 'jug') AS sku FROM range(100) t(i)
        UNION ALL SELECT 'v' || i, TIMESTAMP '2026-01-01 01:00' + to_days((i % 2)::INT),
        DATE '2026-01-01' + (i % 2)::INT, 'cart', 'mug' FROM range(80) t(i) WHERE i % 2 = 0"""
    stock = """SELECT 'mug' AS sku, DATE '2026-01-01' + i::INT AS as_of, (1 - i)::DECIMAL(18,4) AS on_hand
        FROM range(2) t(i)"""
    rows = jl.journey.funnel(shop_of({"events": events, "stock": stock}), steps=["view", "cart"], by="stock").table()
    rates = rows[rows["position"] == 2].set_index("group")[["came", "of"]]
    assert rates.loc["in stock"].tolist() == [40, 40]
    assert rates.loc["out of stock"].tolist() == [0, 40]
    assert rates.loc["not known"].tolist() == [0, 20]


def test_those_who_dropped_are_as_many_as_the_funnel_says_and_can_be_listed():
    log = (
        [(f"v{i:02}", i, "a") for i in range(20)]
        + [(f"v{i:02}", i + 1, "b") for i in range(8)]
        + [("z", 40 * DAY, "a")]
    )
    shop = log_with(log)
    result = jl.journey.dropped(shop, steps=["a", "b"], at=2, most=5)
    assert result.lost == jl.journey.funnel(shop, steps=["a", "b"]).table()["lost"].iloc[1] == 12
    assert result.table()["visitor_id"].tolist() == [f"v{i:02}" for i in range(8, 13)]
    assert "The first 5 of 12" in result.caveats[1]
    with pytest.raises(jl.BadParameter):
        jl.journey.dropped(shop, steps=["a", "b"], at=3)


def test_the_group_that_is_lost_more_often_is_found_with_the_counts_of_the_funnel():
    shop = shop_of(
        {
            "events": """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day,
                'a' AS event, ['mobile', 'desktop', 'tv'][1 + i % 3] AS device FROM range(300) t(i)
                UNION ALL SELECT 'v' || i, TIMESTAMP '2026-01-02', DATE '2026-01-02', 'b', 'tv' FROM range(300) t(i)
                WHERE i % 3 = 1 OR i < 120
                UNION ALL SELECT 'z' || i, TIMESTAMP '2026-02-01', DATE '2026-02-01', 'a', 'mobile'
                FROM range(7) t(i)"""
        }
    )
    result = jl.journey.dropped(shop, steps=["a", "b"], at=2, by="device", groups=["mobile", "desktop"])
    funnel = jl.journey.funnel(shop, steps=["a", "b"], by="device", groups=["mobile", "desktop"]).table()
    second = funnel[funnel["position"] == 2].set_index("group")
    shares = result.shares.set_index("group")
    assert shares[["n", "of"]].T.to_dict("list") == {"desktop": [0, 100], "mobile": [60, 107]}
    assert shares["n"].to_dict() == second["lost"].to_dict()
    assert shares["of"].to_dict() == second["of"].to_dict()
    assert shares.loc["mobile", "difference"] == pytest.approx(60 / 107)
    assert "clearly more of mobile: 56.1 % of 107, 56.1 points above the other groups" in result.headline()
    assert set(result.table()["group"]) == {"mobile"}
    assert any(said.startswith("7 who reached the step before still had time") for said in result.caveats)
    every = jl.journey.dropped(shop, steps=["a", "b"], at=2)
    assert list(every.table().columns) == ["visitor_id", "day"]
    assert every.shares[["n", "of"]].iloc[0].tolist() == [120, 307]
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


def chain(seed, *, memory=False, visitors=2000):
    """Visits view → cart → purchase, where with `memory` only those who began at home buy from the cart."""
    rng = np.random.default_rng(seed)
    log = []
    for i in range(visitors):
        home = rng.random() < 0.5
        log.append((f"v{i}", 0, "home" if home else "ad"))
        if rng.random() < 0.6:
            log.append((f"v{i}", 1, "cart"))
            if rng.random() < ((0.9 if home else 0.1) if memory else 0.5):
                log.append((f"v{i}", 2, "purchase"))
    return log_with(log)


def test_what_if_changes_conversion_as_one_reckons_by_hand():
    shop = chain(1)
    result = jl.journey.what_if(shop, source="cart", target="purchase", rate=0.75)
    figures = result.rows.set_index("figure")["value"]
    assert result.locked == ()
    assert figures["modelled"] == pytest.approx(figures["observed"])
    assert figures["with the change"] == pytest.approx(figures["observed"] / figures["goes there today"] * 0.75)
    assert "instead of" in result.headline()
    assert result.chart().to_dict()["$schema"]


def test_what_if_is_locked_where_the_chain_forgets_what_matters():
    result = jl.journey.what_if(chain(2, memory=True), source="home", target="cart", rate=0.9)
    assert result.locked == ("all",)
    assert result.headline().startswith("Locked: the model says")
    assert np.isnan(result.rows.set_index("figure").loc["with the change", "value"])


def rare(seed, *, memory, visitors=20_000):
    """Visits home or ad → cart → purchase where one in sixty buys; with `memory`, those from the ad hardly ever."""
    log = f"""SELECT 'v' || i AS visitor_id, k, ['home', 'ad'][1 + i % 2] AS began,
        hash(i + {seed} * 1000003) % 1000 AS cart, hash(i * 7 + {seed} * 1000033) % 10000 AS buy
        FROM range({visitors}) t(i), range(3) u(k)"""
    chance = "if(began = 'home', 500, 50)" if memory else "275"
    return shop_of(
        {
            "events": f"""SELECT visitor_id, TIMESTAMP '2026-01-01' + to_minutes(k) AS occurred_at,
                DATE '2026-01-01' AS day, [began, 'cart', 'purchase'][1 + k] AS event FROM ({log})
                WHERE k = 0 OR (cart < 600 AND (k = 1 OR buy < {chance}))"""
        }
    )


@pytest.mark.parametrize("source", ["home", "ad"])
def test_the_lock_holds_at_the_rates_at_which_shops_convert(source):
    result = jl.journey.what_if(rare(1, memory=True), source=source, target="cart", rate=0.9)
    assert result.locked == ("all",), "of those from home one in thirty buys, of those from the ad one in four hundred"
    fits = jl.journey.what_if(rare(1, memory=False), source=source, target="cart", rate=0.9)
    gain = fits.rows.set_index("figure").loc["further conversions"]
    assert gain["lower"] < 10_000 * 0.3 * 0.0275 < gain["upper"]


def test_the_lock_asks_how_those_fare_who_go_there_and_not_only_those_at_the_place():
    # of 1,000 at home, those who go to the cart buy as seldom as all others there buy often
    log = [(f"v{i}", 0, "home") for i in range(1000)] + [(f"w{i}", 0, "ad") for i in range(1000)]
    log += [(f"{v}{i}", 1, "cart") for v in "vw" for i in range(300)]
    log += [(f"v{i}", 1, "call") for i in range(300, 1000)] + [(f"v{i}", 2, "purchase") for i in range(300, 900)]
    log += [(f"v{i}", 2, "purchase") for i in range(10)] + [(f"w{i}", 2, "purchase") for i in range(100)]
    result = jl.journey.what_if(log_with(log), source="home", target="cart", rate=0.5)
    assert result.locked == ("all",)
    assert result.headline() == (
        "Locked: the model says 18.3 % of sessions from home to cart convert, and 3.3 % do (1.8 % to 6.0 %)."
    )


def test_a_move_that_nobody_makes_is_not_answered():
    with pytest.raises(jl.NotEnoughData, match="Nobody goes from ad to home today"):
        jl.journey.what_if(log_with([("v", 0, "ad"), ("v", 1, "cart"), ("v", 2, "purchase"), ("w", 0, "home")]),
                           source="ad", target="home", rate=0.5)  # fmt: skip
    log = [(f"v{i}", m, e) for i in range(5) for m, e in enumerate(["home", "cart", "purchase"])] + [("w", 0, "home")]
    result = jl.journey.what_if(log_with(log), source="home", target="cart", rate=0.5)
    assert any("the check could hardly fail" in said for said in result.caveats)


def test_a_place_nobody_is_at_is_refused_by_name():
    with pytest.raises(jl.BadParameter, match="'nowhere'"):
        jl.journey.what_if(chain(1, visitors=50), source="nowhere", target="cart", rate=0.5)


def test_the_checkout_splits_by_payment_method_and_by_guest_or_known_customer():
    events = """SELECT 'v' || i AS visitor_id, if(i % 4 = 0, 'c' || i, NULL) AS customer_id, DATE '2026-01-01' AS day,
        TIMESTAMP '2026-01-01' AS occurred_at, 'pay' AS event,
        if(i < 60, '{"payment_method": "card", "fee": 4.9}', '{"fee":0,"payment_method":"invoice"}') AS properties
        FROM range(100) t(i) UNION ALL
        SELECT 'v' || i, NULL, DATE '2026-01-01', TIMESTAMP '2026-01-01 01:00', 'done', NULL FROM range(30) t(i)"""
    shop = shop_of({"events": events})

    def came(by):
        rows = jl.journey.funnel(shop, steps=["pay", "done"], by=by, window=None).table()
        return rows[rows["position"] == 2].set_index("group")[["came", "of"]].T.to_dict("list")

    assert came("properties.payment_method") == {"card": [30, 60], "invoice": [0, 40]}
    assert came("properties.fee") == {"4.9": [30, 60], "0": [0, 40]}
    assert came("account") == {"guest": [22, 75], "known customer": [8, 25]}
    assert tally.properties(shop) == ("properties.fee", "properties.payment_method")
    with pytest.raises(jl.BadParameter, match="letters"):
        came('properties.a"')


def test_carts_of_the_last_days_are_open_whether_bought_or_not():
    log = []
    for day in range(40):
        for i in range(20):
            at, name = day * DAY + i, f"v{day}x{i}"
            log.append((name, at, "add_to_cart"))
            if i < 2:
                log.append((name, at + 30, "purchase"))
            elif i < 4 and day + 3 < 40:
                log.append((name, at + 3 * DAY, "purchase"))
    rows = jl.journey.carts(log_with(log), days=7).table().set_index("measure")
    assert rows.iloc[0]["n"] / rows.iloc[0]["of"] == pytest.approx(0.9), "two of twenty buy on the day"
    assert rows.iloc[1]["n"] / rows.iloc[1]["of"] == pytest.approx(2 / 18), "two of the eighteen left come back"


def test_the_interval_of_what_if_holds_the_truth_about_as_often_as_it_says():
    # of those at the cart, half go on: at 0.75 the truth is 0.6 × 0.75 of 2,000 visits, less 0.6 × 0.5
    hits = 0
    for seed in range(40):
        shop = chain(seed, visitors=300)
        row = jl.journey.what_if(shop, source="cart", target="purchase", rate=0.75, level=0.9).rows
        row = row.set_index("figure").loc["further conversions"]
        hits += row["lower"] <= 0.6 * 0.25 * 300 <= row["upper"]
        shop.close()
    assert 30 <= hits <= 40


def test_what_if_asks_each_group_its_own_chain():
    log = [(f"v{i}", 0, "cart", "mobile" if i % 2 else "desktop") for i in range(400)]
    log += [(f"v{i}", 1, "purchase", "mobile" if i % 2 else "desktop") for i in range(400) if i % 2 == 0 or i % 4 == 1]
    log += [(f"w{i}", 0, "cart", "mobile") for i in range(100)] + [(f"u{i}", 0, "cart", "desktop") for i in range(100)]
    asked = {"source": "cart", "target": "purchase", "rate": 0.9, "by": "device"}
    result = jl.journey.what_if(log_with(log), **asked)
    gains = result.table().query("figure == 'further conversions'").set_index("group")["value"]
    assert gains.to_dict() == pytest.approx({"mobile": 0.9 * 300 - 100, "desktop": 0.9 * 300 - 200})
    assert result.headline().startswith("mobile: If 90.0 % instead of 33.3 %")
    assert result.chart().to_dict()["$schema"]
    one = jl.journey.what_if(log_with(log), **asked, groups=["desktop"]).table()
    assert set(one["group"]) == {"desktop"}


def test_a_million_names_of_events_are_too_many_places_and_become_one():
    log = [row for i in range(200) for row in ((f"v{i}", 0, "cart"), (f"v{i}", 1, f"odd {i}"), (f"v{i}", 2, "cart"))]
    log += [(f"v{i}", 3, "purchase") for i in range(100)]
    result = jl.journey.what_if(log_with(log), source="cart", target="purchase", rate=0.5)
    assert any("142 rarer events are one place" in line for line in result.caveats)


def test_a_term_that_finds_nothing_in_one_group_only_is_found():
    rows = []
    for i in range(300):
        rows.append((f"v{i}", 0, "search", "/s", None, "mug", 0 if i % 3 == 0 else 5))
        rows.append((f"v{i}", 9, "search", "/s", None, "jug", 5))
    result = jl.journey.searches(shop_with(rows), value=1, by="device")
    assert not result.rows["clear"].any(), "whether the mug is found does not depend on the device"
    assert set(result.table()["group"]) == {"mobile", "desktop"}
    assert result.rows.groupby("term")["n"].sum().to_dict() == {"mug": 300, "jug": 300}
    mobile = result.rows.query("group == 'mobile' and term == 'mug'").iloc[0]
    assert mobile["difference_lower"] < 0 < mobile["difference_upper"]
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]
