from __future__ import annotations

import io
import itertools

import pytest

import journeylab as jl
from journeylab.customers import group_rules
from journeylab.data.examples import shop_of
from tests.customers.test_rfm import random_orders, shop_with


def shop_with_costs(unit_cost="6"):
    """Three customers with one order of 10 each, of goods that cost 2, 6 and what is given."""
    return shop_of(
        {
            "orders": """SELECT id AS order_id, 'c' || id AS customer_id, DATE '2026-01-01' AS day,
                TIMESTAMP '2026-01-01' AS ordered_at, 'completed' AS status, 10::DECIMAL(18,4) AS net
                FROM (VALUES ('1'), ('2'), ('3')) t(id)""",
            "order_lines": f"""SELECT order_id, sku, sku AS product, 2::DECIMAL(18,4) AS quantity,
                1::DECIMAL(18,4) AS returned, unit_cost::DECIMAL(18,4) AS unit_cost, 5::DECIMAL(18,4) AS unit_price
                FROM (VALUES ('1', 'a', 2), ('2', 'b', 6), ('3', 'c', {unit_cost})) t(order_id, sku, unit_cost)""",
        }
    )


def test_the_default_groups_are_the_eleven_that_shopify_names():
    assert [rule["group"] for rule in group_rules.SHOPIFY] == [
        "Champions", "Loyal", "Active", "New", "Promising", "Needs attention", "Almost lost", "Previously loyal",
        "At risk", "Dormant", "Prospects",
    ]  # fmt: skip


def test_every_combination_of_scores_has_exactly_one_default_group():
    rules = [r for r in group_rules.checked(group_rules.SHOPIFY) if r["r"] != group_rules.NO_ORDERS]
    for r, f, m in itertools.product(range(1, 6), repeat=3):
        values = {"r": r, "f": f, "m": m, "fm": (f + m + 1) // 2}
        fitting = [
            rule["group"]
            for rule in rules
            if all(int(rule[s][0]) <= values[s] <= int(rule[s][-1]) for s in group_rules.SCORES if rule[s])
        ]
        assert len(fitting) == 1, (r, f, m, fitting)


def test_the_engine_and_a_hand_written_rule_agree_on_every_customer_of_online_retail(online_retail):
    result = jl.customers.rfm_groups(online_retail)
    rows = result.roster.page(size=5000)
    assert len(rows) == result.n == 4339

    def expected(r, fm):
        if r == 5:
            return "Champions" if fm >= 4 else "Active" if fm >= 2 else "New"
        if r == 4:
            return "Loyal" if fm >= 4 else "Active" if fm >= 2 else "Promising"
        if r == 3:
            return "Loyal" if fm >= 4 else "Needs attention" if fm == 3 else "Almost lost"
        return "Previously loyal" if fm == 5 else "At risk" if fm >= 3 else "Dormant"

    fm = (rows["f"] + rows["m"] + 1) // 2
    assert [expected(r, x) for r, x in zip(rows["r"], fm, strict=True)] == list(rows["group"])


def test_groups_add_up_to_all_customers_and_all_money(online_retail):
    table = jl.customers.rfm_groups(online_retail).table()
    assert table["n"].sum() == 4339
    assert table["share"].sum() == pytest.approx(1)
    assert table["net"].sum() == pytest.approx(8_911_407.904, abs=0.0005)
    assert ((table["share_lower"] <= table["share"]) & (table["share"] <= table["share_upper"])).all()


def test_the_first_rule_that_fits_wins_and_the_rest_stand_apart():
    shop = shop_with([("a", 0, 10), ("b", 10, 20), ("c", 20, 30), ("d", 25, 90)])
    table = jl.customers.rfm_groups(shop, groups=[{"group": "Top", "m": "4-5"}, {"group": "Late", "r": "4-5"}]).table()
    assert dict(zip(table["group"], table["n"], strict=True)) == {"Top": 1, "Late": 0, group_rules.NO_GROUP: 3}


def test_customers_on_the_list_without_an_order_are_prospects():
    shop = shop_of(
        {
            "orders": """SELECT '1' AS order_id, 'a' AS customer_id, TIMESTAMP '2026-01-01' AS ordered_at,
                DATE '2026-01-01' AS day, 'completed' AS status, 1::DECIMAL(18,4) AS net""",
            "customers": "SELECT * FROM (VALUES ('a'), ('b'), ('c')) t(customer_id)",
        }
    )
    table = jl.customers.rfm_groups(shop).table().set_index("group")
    assert table.loc["Prospects", "n"] == 2
    assert table["n"].sum() == table.loc["Prospects", "of"] == 3


@pytest.mark.parametrize("text", ["6", "0", "4-2", "high", "1,5"])
def test_a_range_that_makes_no_sense_is_refused_with_the_name_of_its_rule(text):
    with pytest.raises(jl.BadParameter, match="rule of Odd"):
        group_rules.checked([{"group": "Odd", "r": text}])


def test_a_set_without_rules_or_names_is_refused():
    for rules in ([], [{"r": "5"}], [{"group": "A", "rfm": "5"}]):
        with pytest.raises(jl.BadParameter):
            group_rules.checked(rules)


@pytest.mark.parametrize("bins", range(2, 11))
def test_every_number_of_bins_leaves_nobody_without_a_group(bins):
    table = jl.customers.rfm_groups(shop_with(random_orders(bins)), bins=bins).table()
    assert group_rules.NO_GROUP not in set(table["group"])


def test_cut_offs_score_by_what_was_reached():
    shop = shop_with([("a", 27, 10), ("b", 20, 20), ("c", 0, 300)])
    rows = jl.customers.rfm(shop, bins=3, cutoffs={"r": [5, 20], "m": [20, 100]}).roster.page()
    assert rows[["customer_id", "r", "m"]].values.tolist() == [["a", 3, 1], ["b", 2, 2], ["c", 1, 3]]


@pytest.mark.parametrize("cutoffs", [{"r": [5]}, {"r": [5, 5]}, {"q": [1, 2]}, {"m": [1, float("nan")]}])
def test_cut_offs_that_do_not_make_the_scores_are_refused(cutoffs):
    with pytest.raises(jl.BadParameter):
        jl.customers.rfm(shop_with([("a", 0, 1)]), bins=3, cutoffs=cutoffs)


def test_margin_is_net_less_the_cost_of_what_was_kept():
    rows = jl.customers.rfm(shop_with_costs(), bins=2, money="margin").roster.page()
    assert rows["monetary"].tolist() == [8.0, 4.0, 4.0]
    assert rows["m"].tolist() == [2, 1, 1]


def test_a_margin_that_is_not_known_is_not_taken_for_zero():
    result = jl.customers.rfm(shop_with_costs("NULL"), bins=2, money="margin")
    rows = result.roster.page().set_index("customer_id")
    assert rows["monetary"].isna().tolist() == [False, False, True]
    assert rows.loc["c3", "m"] == 1
    assert "margin of 1 of 3 customers is not known" in " ".join(result.caveats)


def test_margin_without_costs_is_a_sentence():
    with pytest.raises(jl.SchemaError, match="unit cost"):
        jl.customers.rfm(shop_with([("a", 0, 1)]), money="margin")


def test_a_roster_comes_in_pages_that_cover_everyone_once():
    roster = jl.customers.rfm(shop_with(random_orders(5))).roster
    seen = [c for page in (1, 2, 3, 4, 5) for c in roster.page(page, size=10, by="m", descending=True)["customer_id"]]
    assert len(seen) == len(set(seen)) == roster.count()
    with pytest.raises(jl.BadParameter):
        roster.page(size=10_001)


def test_a_roster_written_as_csv_holds_everyone_and_no_formula():
    shop = shop_with([("=cmd", 0, 10), ("b", 1, 20)])
    target = io.StringIO()
    assert jl.customers.rfm_groups(shop).roster.write(target) == 2
    lines = target.getvalue().splitlines()
    assert lines[0].startswith("customer_id,recency_days,frequency,monetary")
    assert lines[1].startswith("'=cmd,")


def test_both_views_draw_and_the_call_runs_again():
    shop = shop_with(random_orders(6))
    result = jl.customers.rfm_groups(shop, groups=[{"group": "All"}])
    assert all(result.chart(view).to_dict()["$schema"] for view in result.views)
    again = eval("\n".join(result.call.lines("x")).removeprefix("x = "), {"jl": jl, "shop": shop})
    assert again.table().equals(result.table())
