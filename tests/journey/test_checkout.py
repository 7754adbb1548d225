"""The checkout closely: counted by hand, a planted method found, noise called noise, what is missing said."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of


def shop_with(*, good=80, bad=80, known=True):
    """400 checkouts, half each by card and invoice, of which `good` and `bad` in a hundred finish; 50 leave earlier."""
    customer = "if(i % 5 = 0, 'c' || i, NULL)" if known else "NULL"
    return shop_of(
        {
            "events": f"""
                SELECT 'v' || i AS visitor_id, {customer} AS customer_id, TIMESTAMP '2026-01-01' AS occurred_at,
                    DATE '2026-01-01' AS day, 'begin_checkout' AS event, '{{"shipping_fee":"' || (i % 3) || '"}}'
                    AS properties FROM range(450) t(i)
                UNION ALL SELECT 'v' || i, {customer}, TIMESTAMP '2026-01-01 00:01', DATE '2026-01-01',
                    'add_payment_info', '{{"payment_method":"' || if(i % 2 = 0, 'card', 'invoice') || '"}}'
                    FROM range(400) t(i)
                UNION ALL SELECT 'v' || i, 'c' || i, TIMESTAMP '2026-01-01 00:02', DATE '2026-01-01', 'purchase',
                    '{{"payment_method":"gift card"}}' FROM range(400) t(i)
                    WHERE (i // 2) % 100 < if(i % 2 = 0, {good}, {bad})
                UNION ALL SELECT 'w' || i, NULL, TIMESTAMP '2026-01-01', DATE '2026-01-01', 'view_item', NULL
                    FROM range(50) t(i)"""
        }
    )


def counts(result, aspect):
    rows = result.table()
    return rows[rows["aspect"] == aspect].set_index("value")[["n", "of"]].T.to_dict("list")


def test_the_aspects_are_what_one_counts_by_hand():
    result = jl.journey.checkout(shop_with())
    assert (result.began, result.finished) == (450, 320)
    assert counts(result, "payment method") == {"card": [160, 200], "invoice": [160, 200], "not known": [0, 50]}
    assert {key: of for key, (_n, of) in counts(result, "shipping fee").items()} == {"0": 150, "1": 150, "2": 150}
    # who buys becomes known with the order; what counts is whether they were before
    assert {key: of for key, (_n, of) in counts(result, "guest or account").items()} == {
        "guest": 360,
        "known customer": 90,
    }
    assert result.unseen == ("fee first shown", "form fields")
    assert result.chart().to_dict()["$schema"]


def test_a_method_with_which_fewer_finish_is_found_and_who_named_none_is_not_compared():
    result = jl.journey.checkout(shop_with(bad=60))
    assert "payment method “invoice”: 60.0 % of 200, 20.0 points below the others" in result.headline()
    rows = result.table().set_index("value")
    assert rows.loc["invoice", "difference_upper"] < 0
    assert rows.loc["invoice", "clear"]
    assert rows.loc["not known", ["difference", "p"]].isna().all()


def test_equal_methods_are_no_finding():
    assert not jl.journey.checkout(shop_with()).table()["clear"].any()
    assert "none of what is known" in jl.journey.checkout(shop_with()).headline()


def test_a_group_that_finishes_less_is_found_over_all_and_at_each_value():
    # mobile is every odd pair of visitors, and half of its checkouts end without an order
    events = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day,
        if((i // 2) % 2 = 0, 'desktop', 'mobile') AS device, 'begin_checkout' AS event,
        '{"payment_method":"' || if(i % 2 = 0, 'card', 'invoice') || '"}' AS properties FROM range(400) t(i)
        UNION ALL SELECT 'v' || i, TIMESTAMP '2026-01-01 00:01', DATE '2026-01-01', 'tablet', 'purchase', NULL
        FROM range(400) t(i) WHERE (i // 2) % 2 = 0 OR (i // 4) % 2 = 0
        UNION ALL SELECT 'w' || i, TIMESTAMP '2026-01-01', DATE '2026-01-01', 'tv', 'begin_checkout', NULL
        FROM range(50) t(i)"""
    shop = shop_of({"events": events})
    result = jl.journey.checkout(shop, by="device", groups=["desktop", "mobile"])
    rows = result.table().set_index(["aspect", "value", "group"])
    assert set(rows.index.get_level_values("group")) == {"desktop", "mobile"}
    assert (result.began, result.finished) == (400, 300)
    assert rows.loc[("checkout", "all", "mobile"), ["n", "of"]].tolist() == [100, 200]
    assert rows.loc[("checkout", "all", "desktop"), ["n", "of"]].tolist() == [200, 200]
    assert rows.loc[("checkout", "all", "mobile"), "difference"] == pytest.approx(-0.5)
    assert rows.loc[("payment method", "card", "mobile"), ["n", "of"]].tolist() == [50, 100]
    assert rows.loc[("payment method", "card", "mobile"), "difference"] == pytest.approx(-0.5)
    assert "clearly fewer of mobile: 50.0 % of 200, 50.0 points below the other groups" in result.headline()
    assert result.chart().to_dict()["$schema"]
    assert set(jl.journey.checkout(shop, by="device").table()["group"]) == {"desktop", "mobile", "tv"}
    with pytest.raises(jl.NotEnoughData, match="No session began"):
        jl.journey.checkout(shop, by="device", groups=["watch"])


def test_groups_alike_are_no_finding_and_rare_values_are_the_same_ones_in_each():
    events = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day,
        if(i % 2 = 0, 'desktop', 'mobile') AS device, 'begin_checkout' AS event,
        '{"payment_method":"m' || least(i // 40, 11 - i % 2) || '"}' AS properties FROM range(480) t(i)"""
    result = jl.journey.checkout(shop_of({"events": events}), by="device")
    assert not result.table()["clear"].any()
    assert "no group clearly finishes less" in result.headline()
    methods = result.table().query("aspect == 'payment method'").groupby("group")["value"].agg(list)
    assert methods["desktop"] == methods["mobile"]
    assert len(methods["desktop"]) == 9
    assert methods["desktop"][-1] == "other"


def test_further_aspects_are_read_from_the_properties_they_are_named_by():
    result = jl.journey.checkout(shop_with(), properties={"rate": "shipping_fee"})
    assert set(counts(result, "rate")) == {"0", "1", "2"}


def test_without_properties_and_customers_there_is_a_rate_and_what_is_missing_is_said():
    events = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day,
        'checkout' AS event FROM range(40) t(i)"""
    result = jl.journey.checkout(shop_of({"events": events}))
    assert result.headline().startswith("0.0 % of 40 begun checkouts are finished")
    assert len(result.unseen) == 5
    assert result.table().empty
    assert result.chart().to_dict()["$schema"]


def test_no_checkout_is_said():
    events = "SELECT 'v' AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day, 'x' AS event"
    with pytest.raises(jl.NotEnoughData, match="No session began"):
        jl.journey.checkout(shop_of({"events": events}))
