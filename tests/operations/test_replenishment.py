"""What to order: figures worked by hand, what must always hold, what is planted, and files as they come."""

from __future__ import annotations

import dataclasses

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import journeylab as jl
from journeylab.errors import BadParameter
from journeylab.operations.abc_xyz import abc, xyz
from journeylab.operations.daily import ahead, daily_path
from tests.operations.stocked import count, stocked

AS_OF_SAID = "25 May 2026"


def replenish(shop, **options):
    return jl.operations.replenishment(shop, **{"lead_time": 10, "lead_time_sd": 0, **options})


def row(found, sku: str) -> pd.Series:
    return found.rows.set_index("sku").loc[sku]


@pytest.fixture(scope="module")
def shop():
    """A mug sells four a day, a bowl one a day, a lid every fourth day."""
    return stocked(
        {"mug": 4, "bowl": 1, "lid": 0.25},
        stock=[
            count("mug", 30, committed=6, on_order=12, arrives="2026-06-01"),
            count("mug", 5, at="2026-03-01"),
            count("bowl", 400),
            count("lid", 9, on_order=20, arrives="2026-09-01"),
            count("vase", 15),
        ],
        products=[
            ("mug", "Pottery", 4, 10, 0, 24, 6),
            ("bowl", "Pottery", 5, 10, 0, 6, 1),
            ("lid", "Turner", 2, 10, 0, 1, 1),
            ("vase", "Pottery", 8, 10, 0, 1, 1),
        ],
    )


@pytest.fixture(scope="module")
def demand(shop):
    return jl.operations.demand(shop)


def test_the_order_is_what_a_hand_with_a_pencil_gets(shop, demand):
    mug = row(replenish(shop, demand=demand, service=0.95), "mug")
    assert mug["expected"] == pytest.approx(4 * 17, rel=0.02)  # ten days of lead time and seven of review
    assert mug["position"] == 30 - 6 + 12
    assert mug["reorder_point"] == pytest.approx(mug["expected"] + mug["safety_stock"])
    short = mug["reorder_point"] - mug["position"]
    assert mug["order"] == max(24, np.ceil(short / 6) * 6)
    assert mug["cost"] == 4 * mug["order"]
    assert mug["days_of_cover"] == 6  # 24 units at four a day
    assert mug["runs_out"] == pd.Timestamp("2026-05-31")
    assert mug["order_by"] == pd.Timestamp("2026-05-25")
    assert mug["status"] == "will run out"
    assert mug["vendor"] == "Pottery"


def test_safety_stock_is_z_sigma_with_the_spread_of_the_lead_time(shop, demand):
    found = row(replenish(shop, demand=demand, service=0.95, assumptions=[{"sku": "mug", "lead_time_sd": 2}]), "mug")
    sd = demand.over(17).set_index("sku").loc["mug", "sd"]
    assert found["safety_stock"] == pytest.approx(1.6449 * np.hypot(sd, found["per_day"] * 2), rel=1e-3)


def test_what_arrives_too_late_is_not_counted(shop, demand):
    lid = row(replenish(shop, demand=demand), "lid")
    assert lid["arriving"] == 0
    assert row(replenish(shop, demand=demand, review=120), "lid")["arriving"] == 20


def test_overstock_is_what_lies_beyond_the_days_allowed(shop, demand):
    found = replenish(shop, demand=demand, overstock_days=100)
    bowl = row(found, "bowl")
    assert bowl["status"] == "overstock"
    assert bowl["overstock"] == pytest.approx(400 - 100, abs=4)
    assert bowl["overstock_cost"] == 5 * bowl["overstock"]
    assert "lie in overstock" in found.headline()


def test_what_lies_there_and_never_sold_is_shown(shop, demand):
    vase = row(replenish(shop, demand=demand), "vase")
    assert (vase["status"], vase["order"], vase["overstock"]) == ("not selling", 0, 15)


def test_what_was_just_delivered_is_no_overstock_but_what_has_lain_there_is():
    counts = [count(sku, 50, at=day) for sku in ("mug", "old") for day in ("2026-02-01", "2026-05-24")]
    shop = stocked(
        {"mug": 4},
        stock=[*counts, count("new", 0, at="2026-02-01"), count("new", 40)],
        products=[(sku, "Kiln", 8, 10, 0, 1, 1) for sku in ("mug", "old", "new")],
    )
    found = replenish(shop)
    old, new = row(found, "old"), row(found, "new")
    assert (old["status"], old["overstock_cost"]) == ("not selling", 400)
    assert (new["status"], new["overstock"], new["overstock_cost"], new["order"]) == ("just in", 0, 0, 0)
    assert "€400 lie in overstock" in found.headline()
    single = stocked({"mug": 4}, stock=[count("mug", 50), count("vase", 15)])
    assert row(replenish(single), "vase")["status"] == "not selling"


def test_the_latest_count_of_each_place_counts(shop, demand):
    assert row(replenish(shop, demand=demand), "mug")["on_hand"] == 30


def test_stock_of_two_places_is_added_up():
    two = stocked({"mug": 4}, stock=[count("mug", 30), count("mug", 5)])
    assert row(replenish(two), "mug")["on_hand"] == 35


services = st.floats(0.5, 0.99)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(services, services, st.sampled_from(["cycle", "fill"]), st.integers(0, 60), st.integers(0, 90), st.floats(0, 20))
def test_more_service_never_orders_less_and_orders_fit_packs(shop, demand, a, b, measure, review, lead, spread):
    low, high = sorted((a, b))
    typed = [{"sku": sku, "lead_time_days": lead, "lead_time_sd": spread} for sku in ("mug", "bowl", "lid")]
    asked = {"measure": measure, "review": review}
    made = [
        replenish(shop, demand=demand, service=s, assumptions=typed, **asked).rows.set_index("sku") for s in (low, high)
    ]
    less, more = made[0], made[1].loc[made[0].index]
    for name in ("safety_stock", "reorder_point", "order"):
        assert (more[name] >= less[name] - 1e-6).all()
    for rows in made:
        assert (rows["order"] >= 0).all()
        ordered = rows[rows["order"] > 0]
        assert (ordered["order"] >= ordered["moq"]).all()
        assert (ordered["order"] % ordered["pack_size"] == 0).all()
        reached = ordered["position"] + ordered["order"]
        assert (reached >= ordered["reorder_point"] - 1e-6).all()


def test_where_costs_are_given_orders_are_at_least_the_economic_quantity(shop, demand):
    plain = row(replenish(shop, demand=demand), "mug")
    found = row(replenish(shop, demand=demand, order_cost=100, holding_cost=0.2), "mug")
    best = np.sqrt(2 * 100 * 365 * found["per_day"] / (0.2 * 4))
    assert best > plain["order"]
    assert found["order"] == np.ceil(best / 6) * 6


def test_what_is_typed_goes_before_what_files_say(shop, demand):
    typed = [{"sku": "mug", "on_hand": 500, "vendor": "Kiln", "unit_cost": 3.5}, {"sku": "unheard of", "moq": 5}]
    mug = row(replenish(shop, demand=demand, assumptions=typed), "mug")
    assert (mug["on_hand"], mug["vendor"], mug["unit_cost"], mug["order"]) == (500, "Kiln", 3.5, 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([{"moq": 5}], "needs its SKU"),
        ([{"sku": "a"}, {"sku": "a"}], "twice"),
        ([{"sku": "a", "colour": "red"}], "colour"),
        ([{"sku": "a", "moq": -1}], "moq of a"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused(shop, demand, typed, said):
    with pytest.raises(BadParameter, match=said):
        replenish(shop, demand=demand, assumptions=typed)


def test_a_shop_without_stock_is_told_what_should_be_there():
    found = replenish(stocked({"mug": 4}))
    mug = row(found, "mug")
    assert np.isnan(mug["order"])
    assert mug["status"] == "stock not known"
    assert mug["reorder_point"] > 60
    assert "not what to order" in found.headline()
    assert any("no file of stock" in said for said in found.caveats)
    typed = replenish(stocked({"mug": 4}), assumptions=[{"sku": "mug", "on_hand": 0}])
    assert row(typed, "mug")["order"] > 0


def test_odd_stock_and_sales_are_handled_and_said():
    shop = stocked(
        {"mug": 4, "cup": 2, "MUG ": 1, "pot": 1},
        stock=[
            count("mug", -8),
            count("MUG ", 3, on_order=5, arrives="2026-05-01"),
            count("pot", 10),
            count("cup", 0),
        ],
        products=[("mug", None, None, 0, None, None, None), ("pot", "Kiln", 3, None, None, None, 0)],
        lines="""UNION ALL SELECT 'o3', 'rare', 'Rare', 1, 50 UNION ALL SELECT 'o90', 'rare', 'Rare', 1, 50
                 UNION ALL SELECT 'o9', 'back', 'Back', -2, 10""",
    )
    found = replenish(shop, lead_time=14, lead_time_sd=3)
    said = " ".join(found.caveats)
    assert "below zero, taken as units that are owed" in said
    assert "differ only in spelling" in said
    assert "have no vendor" in said
    assert "have no cost" in said
    assert "14 ± 3 days are assumed" in said
    assert "should have come already" in said
    mug = row(found, "mug")
    assert mug["status"] == "out of stock"
    assert (mug["lead_time_days"], mug["lead_time_sd"]) == (0, 0)
    assert mug["order"] >= 8 + 4 * 7  # what is owed, and the week until the next look
    assert row(found, "cup")["status"] == "out of stock"
    rare = row(found, "rare")
    assert rare["status"] == "stock not known"
    assert rare["expected"] < 2
    if "back" in set(found.rows["sku"]):
        assert row(found, "back")["reorder_point"] == 0
    for view in found.views:
        assert found.chart(view).to_dict()


def test_a_vendor_gets_a_list_of_its_own(shop, demand):
    found = replenish(shop, demand=demand)
    sheets = found.sheets()
    assert list(sheets) == sorted(set(found.orders["vendor"]))
    assert sum(len(sheet) for sheet in sheets.values()) == len(found.orders)


def test_the_order_of_rows_changes_nothing(shop, demand):
    found = replenish(shop, demand=demand)
    again = replenish(shop, demand=jl.operations.demand(shop))
    pd.testing.assert_frame_equal(found.table(), again.table())


def test_the_demo_stores_overstock_and_best_seller_are_found(demo, demo_demand):
    found = jl.operations.replenishment(demo, demand=demo_demand)
    towel = row(found, "TEX-TOWEL-OCHRE")
    assert towel["status"] == "overstock"
    assert found.rows["overstock_cost"].idxmax() == found.rows.index[found.rows["sku"] == "TEX-TOWEL-OCHRE"][0]
    assert towel["overstock"] > 0.4 * towel["on_hand"]
    orders = found.orders
    assert (orders["order"] % orders["pack_size"] == 0).all()
    assert (orders["order"] >= orders["moq"]).all()


@pytest.fixture(scope="module")
def demo_demand(demo):
    return jl.operations.demand(demo)


def test_the_service_level_holds_on_past_demand_not_seen_where_the_spread_alone_did_not(demo, demo_demand):
    demand = demo_demand
    told = replenish(demo, demand=demand, service=0.95)
    assert told.held.n > 1000
    assert told.held.plain < 0.94 < told.held.rate < 0.97
    assert "95 % asked for held" in told.caveats[-1]
    assert f"{told.held.n:,} past sums" in told.caveats[-1]
    by_hand = demand.told.paths.spread.sums[True].chance(0.95)
    rows = told.rows.set_index("sku")
    often = demand.skus["sku"][demand.told.paths.often & (rows["sd"].reindex(demand.skus["sku"]) > 0).to_numpy()]
    steady = [sku for sku in often if rows.loc[sku, "sd"] < 0.5 * rows.loc[sku, "expected"]]
    assert len(steady) > 20
    z = stats.norm.ppf(by_hand)
    assert rows.loc[steady, "safety_stock"].to_numpy() == pytest.approx(z * rows.loc[steady, "sd"].to_numpy())


def test_days_of_a_forecast_add_up_to_its_periods(shop, demand):
    path = daily_path(demand, ["mug", "nothing"], 365)
    assert path[1].sum() == 0
    assert path[0, :28].sum() == pytest.approx(demand.over(28).set_index("sku").loc["mug", "mean"], rel=1e-6)
    months = ahead(demand, "mug")
    assert months["mean"].sum() == pytest.approx(path[0, : 7 * demand.horizon].sum(), rel=1e-6)


def test_equal_skus_are_in_one_class():
    assert abc(np.array([50.0, 50, 50, 50])) == ["A"] * 4
    assert abc(np.zeros(3)) == ["C"] * 3
    assert xyz(np.array([0.0, np.nan]), np.array([0.0, 1])) == ["?", "?"]


def test_what_only_sells_inside_a_bundle_is_worth_the_list_price_and_can_be_bought():
    whole = stocked({"set": 4}, stock=[count("lid", 5)], products=[("lid", "Turner", 2, 10, 1, 1, 1)])
    priced = whole.tables["products"].mutate(price=ibis.literal(6.0))
    shop = dataclasses.replace(whole, tables={**whole.tables, "products": priced})
    demand = jl.operations.demand(shop, bundles=[{"bundle_sku": "set", "sku": "lid", "quantity": 2}])
    found = replenish(shop, demand=demand)
    lid = row(found, "lid")
    assert lid["price"] == 6.0
    assert lid["net"] == pytest.approx(6.0 * 8 * 365, rel=0.02)
    assert any("1 of 1 SKU sold only inside bundles" in caveat for caveat in found.caveats)
    assert jl.operations.basket(shop, orders=found, budget=1e6, customer_value=False).value > 0


def test_the_order_says_its_day_and_what_of_promotions_its_forecast_knows(shop, demand):
    assert f"today ({AS_OF_SAID})" in replenish(shop, demand=demand).headline()
    assert not any("romotion" in caveat for caveat in replenish(shop, demand=demand).caveats)
    rows = [("Sale", "2026-06-01", "2026-06-07", None), ("Mugs", "2026-06-01", "2026-06-07", "mug")]
    days = pd.DataFrame(rows, columns=["name", "starts", "ends", "sku"])
    days[["starts", "ends"]] = days[["starts", "ends"]].apply(pd.to_datetime)
    promoted = dataclasses.replace(shop, tables={**shop.tables, "promotions": ibis.memtable(days)})
    said = replenish(promoted, demand=demand).caveats[0]
    assert said.endswith("count with what earlier ones did; those of 1 single SKU do not.")


def test_deliveries_without_a_day_are_said(shop, demand):
    loose = stocked({"mug": 4}, stock=[count("mug", 5, on_order=10)])
    assert any(caveat.startswith("1 delivery on the way without a date") for caveat in replenish(loose).caveats)
    assert not any("without a date" in caveat for caveat in replenish(shop, demand=demand).caveats)
