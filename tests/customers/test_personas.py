from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import journeylab as jl
from journeylab.customers import clusters, features, stability
from journeylab.customers.persona_count import FEWEST_CUSTOMERS
from tests.customers.crowds import demo_store, kinds, one_kind, shop_from


@pytest.fixture(scope="module")
def planted():
    return kinds(11)


@pytest.fixture(scope="module")
def found(planted):
    return jl.customers.personas(planted[0])


@pytest.fixture(scope="module")
def mixed(planted):
    features = ["frequency", "order_value", "discount_share"]
    return jl.customers.personas(planted[0], k=3, features=features, method="mixture")


@pytest.fixture(scope="module")
def plain():
    return one_kind(12)


@pytest.fixture(scope="module")
def demo():
    return demo_store()


def agreement(result, truth):
    rows = result.roster.page(size=10_000)
    return adjusted_rand_score([truth[c] for c in rows["customer_id"]], rows["persona"])


def test_three_planted_kinds_come_back_and_everyone_is_assigned(planted, found):
    _shop, truth = planted
    assert len(found.cards) == found.count.suggested == 3
    assert found.roster.count() == found.cards["n"].sum() == len(truth)
    assert agreement(found, truth) >= 0.9
    assert set(found.cards["badge"]) == {stability.STEADY}


def test_a_mixture_finds_them_too(planted, mixed):
    assert agreement(mixed, planted[1]) >= 0.9


@pytest.mark.slow
def test_the_four_personas_of_the_demo_store_come_back(demo):
    shop, truth = demo
    result = jl.customers.personas(shop)
    assert len(result.cards) == 4
    assert agreement(result, truth) >= 0.8


def test_each_figure_says_on_how_many_customers_it_rests():
    shop = one_kind(14, customers=1200)
    count = jl.customers.persona_count(shop)
    row = count.counts.iloc[0]
    assert (row["n"], row["n_stability"], row["n_bic"]) == (400, 1000, 1200)
    assert "400 of 1,200 customers" in count.headline()
    said = " ".join(count.caveats)
    assert "Ward's clustering of 400 customers" in said
    assert "k-means clusters that personas are made of are fitted on 1,200" in said
    assert "bootstrap samples of 1,000" in said
    assert "of 1,200 customers would lie farther" in said
    held = (np.abs(count.data) >= 3.5).any(axis=1).sum()
    assert f"held to ±3.5: {held} of" in said


def test_the_clusters_own_silhouette_agrees_with_scikit_learn(found):
    from sklearn.metrics import silhouette_score

    rows = found.count.data[:400]
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    own = found.count.counts.set_index("k")["own_silhouette"]
    assert own[3] == pytest.approx(silhouette_score(rows, found.labels()[:400]))


@pytest.mark.parametrize("method", clusters.METHODS)
def test_the_engine_assigns_as_python_does(found, mixed, method):
    result = {"kmeans": found, "mixture": mixed}[method]
    rows = result.roster.page(size=10_000).set_index("customer_id")
    there = rows.loc[result.count.sample["customer_id"]]
    assert list(there["persona"]) == list(result.labels())
    scores = result.model.scores(result.count.data)
    member = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = member.max(axis=1) / member.sum(axis=1)
    assert there["probability"].to_numpy(float) == pytest.approx(expected, abs=1e-9)


def test_customers_of_one_kind_give_no_real_groups_but_slices_called_slices(plain):
    result = jl.customers.personas(plain)
    assert result.count.suggested is None
    assert result.count.headline().startswith("No real groups here")
    assert result.sliced
    assert "slices by value" in result.headline()
    assert set(result.cards["badge"]) == {"slice by value"}
    assert result.cards["share_of_net"].is_monotonic_decreasing
    assert result.cards["n"].max() - result.cards["n"].min() <= 4  # customers of equal value stay together


def test_personas_asked_for_where_there_are_none_are_called_cuts(plain):
    result = jl.customers.personas(plain, k=3)
    assert set(result.cards["badge"]) == {"a cut, not a group"}
    assert "cut customers where no gap is" in result.caveats[0]


def test_the_order_of_rows_changes_nothing(planted):
    shop, _truth = planted
    orders = shop.run(shop.table("orders"))
    frame = orders.assign(day=(pd.to_datetime(orders["day"]) - pd.Timestamp("2025-01-01")).dt.days)
    frame = frame[["order_id", "customer_id", "day", "net", "discount_code"]].assign(net=frame["net"].astype(float))
    options = {"features": ["frequency", "order_value", "discount_share"], "k": 3}
    tables = [
        jl.customers.personas(shop_from(frame.sample(frac=1, random_state=seed)), **options).table() for seed in (1, 2)
    ]
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)


def test_sizes_and_money_add_up(planted, found):
    cards = found.cards
    for share in ("share", "share_of_net", "share_of_margin"):
        assert cards[share].sum() == pytest.approx(1)
        assert ((cards[f"{share}_lower"] <= cards[share]) & (cards[share] <= cards[f"{share}_upper"])).all()
    total = planted[0].run(planted[0].sales().agg(net=planted[0].sales().net.sum()))["net"].iloc[0]
    assert cards["net"].sum() == pytest.approx(float(total))


def test_every_figure_has_an_interval_around_it_and_a_base_between_the_personas(found):
    figures = found.figures.dropna()
    assert len(figures) > 20
    assert ((figures["lower"] <= figures["value"] + 1e-12) & (figures["value"] <= figures["upper"] + 1e-12)).all()
    span = figures.groupby("figure")["value"].agg(["min", "max"])
    base = figures.groupby("figure")["base"].first()
    assert ((span["min"] <= base + 1e-9) & (base <= span["max"] + 1e-9)).all()


def test_a_mean_and_a_ratio_agree_with_a_slow_reference(planted, found):
    shop, _truth = planted
    rows = found.roster.page(size=10_000).set_index("customer_id")["persona"]
    orders = shop.run(shop.table("orders"))
    orders["persona"] = orders["customer_id"].map(rows)
    part = orders[orders["persona"] == 1]
    figures = found.figures[found.figures["persona"] == 1].set_index("figure")
    each = part.groupby("customer_id").agg(n=("net", "size"), x=("discount_code", "count"))
    assert figures.loc["frequency", "value"] == pytest.approx(each["n"].mean())
    half = 1.959963984540054 * each["n"].std(ddof=1) / np.sqrt(len(each))
    assert figures.loc["frequency", "upper"] - figures.loc["frequency", "value"] == pytest.approx(half)
    ratio = each["x"].sum() / each["n"].sum()
    error = np.sqrt(((each["x"] - ratio * each["n"]) ** 2).sum() * len(each) / (len(each) - 1)) / each["n"].sum()
    assert figures.loc["discount_share", "value"] == pytest.approx(ratio)
    assert figures.loc["discount_share", "upper"] == pytest.approx(ratio + 1.959963984540054 * error)


def test_the_suggested_names_differ_and_say_what_sets_apart(found):
    names = list(found.cards["name"])
    assert len(set(names)) == len(names)
    assert any("discount" in name.lower() or "linen" in name.lower() for name in names)


def test_fewer_than_fifty_customers_are_a_sentence():
    shop = one_kind(13, customers=FEWEST_CUSTOMERS - 1)
    with pytest.raises(jl.NotEnoughData, match="49 customers are too few"):
        jl.customers.personas(shop)


def test_one_order_each_of_the_same_amount_on_one_day_is_a_sentence():
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in range(80)], "day": 3, "net": 10.0})
    with pytest.raises(jl.NotEnoughData, match="alike"):
        jl.customers.personas(shop_from(frame))


def test_one_order_each_on_different_days_still_answers():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in range(200)], "day": rng.integers(0, 300, 200), "net": 10.0})
    shop = shop_from(frame)
    found = jl.customers.personas(shop)
    assert found.sliced
    # of one value, nobody can be told apart by it
    assert found.cards["name"].tolist() == ["All customers"]
    assert "200 customers of one net value: nothing to slice" in found.headline()
    assert found.roster.page(1, size=1)["name"].tolist() == ["All customers"]
    with pytest.raises(jl.NotEnoughData, match="one persona only"):
        jl.customers.crosswalk(shop, personas=found)


def test_money_that_adds_up_to_nothing_has_no_shares():
    frame = pd.DataFrame({"customer_id": [f"c{i % 60}" for i in range(180)], "day": range(180), "net": 0.0})
    shop = shop_from(frame)
    for result in (jl.customers.rfm_groups(shop), jl.customers.segments(shop)):
        assert "no share of net value" in result.headline()
        assert result.table()["share_of_net"].isna().all()


def test_the_products_are_those_bought_more_than_by_others(planted, found):
    lines = (
        planted[0]
        .run(planted[0].table("order_lines"))
        .merge(planted[0].run(planted[0].table("orders"))[["order_id", "customer_id"]], on="order_id")
    )
    who = pd.concat(found.roster.chunks()).set_index("customer_id")["persona"]
    counts = lines.assign(persona=lines["customer_id"].map(who)).groupby(["persona", "product"]).size().unstack()
    for card in found.cards.to_dict("records"):
        mine = counts.loc[card["persona"]]
        best = pd.DataFrame({"part": -mine / counts.sum(), "n": -mine, "product": mine.index}, index=mine.index)
        best = best[mine >= 5].reset_index(drop=True)
        top = best.sort_values(["part", "n", "product"]).head(3)
        told = [part.split(" (")[0] for part in card["products"].split("), ")]
        assert told == list(top["product"])
        first = top.iloc[0]
        each = lines[lines["product"] == first["product"]].groupby("customer_id").size()
        within = each.index.map(who) == card["persona"]
        r = each[within].sum() / each.sum()
        half = 1.959963984540054 * np.sqrt((each.to_numpy() ** 2 * (within - r) ** 2).sum()) / each.sum()
        low, high = (f"{100 * edge:.0f} %" for edge in (max(r - half, 0), min(r + half, 1)))
        assert f"({100 * r:.0f} % of {each.sum()} lines, {low} to {high})" in card["products"]


def test_margin_says_of_how_many_customers_it_is_known():
    n = 600
    orders = pd.DataFrame(
        {"order_id": [f"o{i}" for i in range(n)], "customer_id": [f"c{i % 120}" for i in range(n)],
         "day": [7 * i % 300 for i in range(n)], "net": [10.0 + i % 13 for i in range(n)]}
    )  # fmt: skip
    cost = [1.0 if i % 120 < 30 else None for i in range(n)]
    lines = pd.DataFrame(
        {"order_id": orders["order_id"], "product": "p", "quantity": 1.0, "unit_cost": cost, "unit_price": 2.0}
    )
    shop = shop_from(orders, order_lines=lines)
    for result in (jl.customers.personas(shop, k=2), jl.customers.personas(shop), jl.customers.segments(shop)):
        assert result.table()["margin_n"].sum() == 30
        assert sum("The margin of 90 of 120 customers is not known" in said for said in result.caveats) == 1


def test_a_sum_of_money_has_the_interval_of_as_many_customers_drawn_anew(planted, found):
    orders = planted[0].run(planted[0].table("orders"))
    who = pd.concat(found.roster.chunks()).set_index("customer_id")["persona"]
    each = orders.assign(net=orders["net"].astype(float)).groupby("customer_id")["net"].sum()
    mine = each[each.index.map(who) == 1]
    card = found.cards.set_index("persona").loc[1]
    half = 1.959963984540054 * np.sqrt(len(mine)) * mine.std(ddof=1)
    assert (card["net_lower"], card["net_upper"]) == pytest.approx((mine.sum() - half, mine.sum() + half))


def test_another_number_of_personas_is_read_from_what_was_found_once(planted, found):
    again = jl.customers.personas(planted[0], count=found.count, k=len(found.cards))
    pd.testing.assert_frame_equal(again.cards, found.cards)
    assert found.rand == found.count.counts.set_index("k")["stability"][len(found.cards)]


def test_many_orders_all_of_the_same_amount_still_answer():
    rng = np.random.default_rng(2)
    who = rng.integers(0, 150, 900)
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in who], "day": rng.integers(0, 300, 900), "net": 10.0})
    found = jl.customers.personas(shop_from(frame))
    assert found.cards["n"].sum() == len(set(who))
    scored = jl.customers.rfm(shop_from(frame))
    assert scored.cells["n"].sum() == len(set(who))


def test_orders_without_days_are_a_sentence():
    import ibis

    table = ibis.memtable({"order_id": ["1"], "customer_id": ["a"], "status": ["completed"], "net": [1.0]})
    table = table.mutate(day=ibis.null("date"), ordered_at=ibis.null("timestamp"))
    with pytest.raises(jl.NotEnoughData, match="no days"):
        jl.customers.personas(table)


def test_a_feature_the_files_do_not_allow_is_refused_by_name(plain):
    with pytest.raises(jl.BadParameter, match="feedback needs"):
        jl.customers.personas(plain, features=["feedback"])
    with pytest.raises(jl.BadParameter, match="must be one of"):
        jl.customers.personas(plain, features=["charm"])
    with pytest.raises(jl.BadParameter):
        jl.customers.personas(plain, k=11)


def test_the_features_are_those_a_hand_count_gives():
    frame = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "day": [0, 10, 30, 5], "net": [10.0, 20.0, 30.0, 40.0]})
    shop = shop_from(frame)
    space, _columns = features.build(shop, features.available(shop), shop.period[1])
    rows = shop.run(space).set_index("customer_id")
    assert rows.loc["a", ["recency_days", "frequency", "order_value", "tenure_days", "gap_days"]].tolist() == [
        0, 3, 20, 30, 15,
    ]  # fmt: skip
    assert rows.loc["a", "gap_spread"] == pytest.approx(np.std([10, 20], ddof=1) / 15)
    assert np.isnan(rows.loc["b", "gap_days"])


def test_answers_of_the_commonest_kind_count_from_the_lowest_to_the_highest():
    frame = pd.DataFrame({"customer_id": ["a", "b", "c"], "day": 200, "net": 10.0})
    told = [
        ("a", "csat", 1.0),
        ("a", "csat", 3.0),
        ("a", "nps", 10.0),
        ("b", "csat", 5.0),
        ("b", "csat", 9.0),
        ("c", "nps", 0.0),
    ]
    surveys = pd.DataFrame(told, columns=["customer_id", "kind", "score"]).assign(day=pd.Timestamp("2025-02-01"))
    shop = shop_from(frame, surveys=surveys)
    space, columns = features.build(shop, ["feedback"], shop.period[1])
    rows = shop.run(space).set_index("customer_id")["feedback"]
    assert (rows["a"], rows["b"]) == (0.25, 1.0)
    assert np.isnan(rows["c"])
    assert columns[0].label == "mean answer on its scale: CSAT"


def test_every_view_draws_and_the_call_runs_again(planted, found, plain):
    shop, _truth = planted
    for result in (found, found.count, jl.customers.persona_map(shop, personas=found),
                   jl.customers.persona_rules(shop, personas=found), jl.customers.crosswalk(shop, personas=found),
                   jl.customers.personas(plain)):  # fmt: skip
        assert result.headline()
        assert all(result.chart(view).to_dict()["$schema"] for view in result.views)
    result = jl.customers.personas(shop, count=found.count, k=4)
    names = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), names)
    pd.testing.assert_frame_equal(names["personas"].table(), result.table())


def test_the_bootstrap_calls_groups_steady_and_cuts_shaky(found):
    rng = np.random.default_rng(15)
    noise = rng.standard_normal((500, 3))
    model = clusters.fit(noise, 5, method="kmeans", seed=1)
    cut = stability.bootstrap(noise, model, rounds=6, seed=1)
    assert cut.jaccard.mean() < 0.75 < found.cards["jaccard"].min()
    assert cut.rand.mean() < 0.6 < found.rand


def test_the_adjusted_rand_index_agrees_with_scikit_learn():
    rng = np.random.default_rng(16)
    one, other = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    mine = stability.adjusted_rand(stability.contingency(one, other, 4))
    assert mine == pytest.approx(adjusted_rand_score(one, other))


def test_rules_have_at_most_three_conditions_and_count_on_customers_they_have_not_seen(planted, found):
    rules = jl.customers.persona_rules(planted[0], personas=found).table()
    assert rules["conditions"].max() <= 3
    assert rules["rate"].min() > 0.9
    assert rules["of"].sum() == len(found.count.sample) // 3


def test_slices_have_no_rule_and_no_map(plain):
    sliced = jl.customers.personas(plain)
    for analysis in (jl.customers.persona_rules, jl.customers.persona_map):
        with pytest.raises(jl.BadParameter):
            analysis(plain, personas=sliced)
