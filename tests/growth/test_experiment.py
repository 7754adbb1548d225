import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from tests.growth.shops import frames_shop, simulated, small


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    frames = simulated(seed=1, effect=0.35)
    return frames, frames_shop(tmp_path_factory.mktemp("sim"), frames)


def users_shop(tmp_path):
    """tea-tasting's simulated users as a file of one row a unit."""
    from tea_tasting import make_users_data

    users = make_users_data(rng=42, covariates=True).to_pandas()
    users["unit_id"] = users.pop("user").astype(str)
    users["variant"] = users["variant"].map({0: "A", 1: "B"})
    users = users.rename(columns=lambda c: "pre_" + c.removesuffix("_covariate") if c.endswith("_covariate") else c)
    return frames_shop(tmp_path, {"outcomes": users.assign(experiment="users")})


def test_a_file_of_one_row_a_unit_reads_as_tea_tasting_publishes(tmp_path):
    shop = users_shop(tmp_path)
    plain = jl.growth.experiment(shop, metrics=["orders", "orders / sessions", "revenue"], cuped=False).table()
    assert plain["value_control"][0] == pytest.approx(0.5304, abs=5e-5)
    assert plain["value"][0] == pytest.approx(0.5731, abs=5e-5)
    assert plain["pvalue"][0] == pytest.approx(0.1177, abs=5e-5)
    assert plain["pvalue"][1] == pytest.approx(0.0762, abs=5e-5)
    assert plain[["n_control", "n"]].iloc[0].tolist() == [2023, 1977]
    cuped = jl.growth.experiment(shop, metrics=["orders", "revenue"]).table()
    assert cuped["pvalue"].tolist() == pytest.approx([0.00733, 0.00674], abs=5e-6)
    assert (cuped["variance_saved"] > 0.1).all()


def brute(frames, window_days=14):
    """Conversions, orders and revenue of each unit within the window, row by row in pandas."""
    bought = frames["events"].dropna(subset=["order_id"])[["visitor_id", "order_id"]].drop_duplicates()
    bought = bought.merge(frames["orders"], on="order_id").merge(
        frames["exposures"], left_on="visitor_id", right_on="unit_id"
    )
    gap = bought["ordered_at"] - bought["exposed_at"]
    inside = bought[(gap >= pd.Timedelta(0)) & (gap < pd.Timedelta(days=window_days))]
    sums = inside.groupby("unit_id").agg(orders=("order_id", "size"), revenue=("net", "sum"))
    units = frames["exposures"].set_index("unit_id").join(sums).fillna({"orders": 0, "revenue": 0})
    return units.assign(conversion=(units["orders"] > 0).astype(int))


@pytest.mark.parametrize("window", ["14d", "2d"])
def test_exposures_joined_to_orders_agree_with_pandas(sim, window):
    frames, shop = sim
    units = brute(frames, int(window[:-1]))
    rows = jl.growth.experiment(shop, metrics=["conversion", "revenue"], window=window, cuped=False).table()
    arms = dict(iter(units.groupby("variant")))
    assert rows["n"][0] == len(arms["B"])
    assert rows["value"][0] == pytest.approx(arms["B"]["conversion"].mean())
    assert rows["value"][1] == pytest.approx(arms["B"]["revenue"].mean())
    peer = stats.ttest_ind(arms["B"]["revenue"], arms["A"]["revenue"], equal_var=False)
    assert rows["pvalue"][1] == pytest.approx(peer.pvalue)


def test_the_planted_effect_is_found_and_lies_inside(sim):
    _, shop = sim
    result = jl.growth.experiment(shop, metrics=["conversion"])
    row = result.table().iloc[0]
    assert row["lower"] <= 0.035 <= row["upper"]
    assert result.verdict.kind == "better"
    assert result.headline().endswith("more orders per 100 visitors; keep it.")


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_no_effect_is_not_claimed(tmp_path, seed):
    shop = frames_shop(tmp_path, simulated(seed=seed, units=3000))
    result = jl.growth.experiment(shop, metrics=["conversion"])
    assert result.verdict.kind in {"open", "same"}
    assert result.headline().startswith(("We cannot tell yet", "B makes no difference"))


def test_a_broken_split_is_refused_and_greyed(tmp_path):
    frames = simulated(seed=5, effect=0.3)
    tested = frames["exposures"]
    lost = (tested["variant"] == "B") & (np.arange(len(tested)) % 5 == 0)
    result = jl.growth.experiment(frames_shop(tmp_path, {**frames, "exposures": tested[~lost]}))
    assert not result.fit
    assert result.verdict.kind == "refused"
    assert result.headline().startswith("No verdict: the split is broken")
    assert result.checks["status"].tolist()[0] == "fail"


def test_an_uneven_split_that_was_planned_is_healthy(tmp_path):
    frames = simulated(seed=5)
    tested = frames["exposures"]
    lost = (tested["variant"] == "B") & (np.arange(len(tested)) % 2 == 0)
    shop = frames_shop(tmp_path, {**frames, "exposures": tested[~lost]})
    assert jl.growth.experiment(shop, split={"A": 2, "B": 1}).fit
    assert not jl.growth.experiment(shop).fit


def test_units_in_several_variants_are_left_out_and_named():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(400)] + [("u0", "B", 1), ("u1", "A", 1)]
    result = jl.growth.experiment(small(exposed, [(f"u{i}", i % 3 == 0) for i in range(400)]))
    assert result.table()[["n_control", "n"]].iloc[0].tolist() == [199, 199]
    said = result.checks.set_index("check")["finding"]["units in several variants"]
    assert said.startswith("2 of 400 units")


def test_a_unit_exposed_twice_to_the_same_variant_counts_once_from_its_first_day():
    exposed = [(f"u{i}", "AB"[i % 2], 3) for i in range(40)] + [("u0", "A", 1)]
    result = jl.growth.experiment(small(exposed, [(f"u{i}", i % 4 < 2) for i in range(40)]))
    assert result.table()["n_control"][0] == 20
    assert result.days["n_control"].tolist() == [1, 20]


def test_exposures_outside_the_tests_days_are_left_out_and_named():
    exposed = [(f"u{i}", "AB"[i % 2], i % 10) for i in range(400)]
    shop = small(exposed, [(f"u{i}", i % 3 == 0) for i in range(400)])
    result = jl.growth.experiment(shop, start="2026-03-02", end="2026-03-09")
    assert result.table()[["n_control", "n"]].sum().sum() == 320
    said = result.checks.set_index("check")["finding"]["exposures outside the test"]
    assert "40 before the test began and 40 after it ended" in said


def test_a_unit_without_outcomes_did_nothing_and_a_blank_was_not_observed():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(8)]
    measured = [("u0", 1, 5.0), ("u1", 0, None), ("u2", 0, 0.0), ("u3", 1, 7.0)]
    result = jl.growth.experiment(small(exposed, measured, ["converted", "net"]), metrics=["converted", "net"])
    rows = result.table().set_index("metric")
    assert rows.loc["converted", ["n_control", "n"]].tolist() == [4, 4]
    assert rows.loc["net", ["n_control", "n"]].tolist() == [4, 3]
    assert rows.loc["net", "value"] == pytest.approx(7 / 3)
    assert any("4 units without a row of outcomes" in c for c in result.caveats)


def test_several_rows_of_outcomes_of_a_unit_are_said():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(40)]
    measured = [(f"u{i}", i % 4 < 2) for i in range(40)] + [("u0", True)]
    result = jl.growth.experiment(small(exposed, measured))
    assert result.table()["n_control"][0] == 20
    assert "one row a unit" in set(result.checks["check"])


def test_only_counts_are_enough():
    result = jl.growth.experiment(tiny_shop(), counts={"control": [1000, 100], "new": [900, 130]})
    chi2 = stats.chi2_contingency([[100, 900], [130, 770]], correction=False).pvalue
    assert result.table()["pvalue"][0] == pytest.approx(chi2)
    assert result.control == "control"


@pytest.mark.parametrize("counts", [{}, {"A": [10]}, {"A": [10, 11]}, {"A": [10.5, 1]}, {"A": [-1, -2]}])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(jl.BadParameter):
        jl.growth.experiment(tiny_shop(), counts=counts)


def test_one_variant_is_said():
    result = jl.growth.experiment(tiny_shop(), counts={"A": [1000, 100]})
    assert "only A" in result.headline()
    assert result.table().empty
    for view in result.views:
        result.chart(view).to_dict()


def test_zero_conversions_are_read():
    result = jl.growth.experiment(tiny_shop(), counts={"A": [500, 0], "B": [500, 0]})
    row = result.table().iloc[0]
    assert row["lower"] < 0 < row["upper"]
    assert result.verdict.kind == "open"


def test_identical_values_give_no_interval_and_no_verdict():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(400)]
    result = jl.growth.experiment(small(exposed, [(f"u{i}", 7) for i in range(400)], ["basket"]))
    assert math.isnan(result.table()["lower"][0])
    assert "gives no interval" in result.headline()


def test_negative_revenue_has_no_relative_effect_and_an_absolute_one():
    rng = np.random.default_rng(6)
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(400)]
    measured = [(f"u{i}", float(rng.normal(-5 + 3 * (i % 2), 2))) for i in range(400)]
    result = jl.growth.experiment(small(exposed, measured, ["net"]))
    row = result.table().iloc[0]
    assert math.isnan(row["relative"])
    assert row["lower"] > 0
    assert 0.99 < row["chance_to_win"] <= 1
    assert "more net per visitor" in result.headline()


def test_forty_variants_are_corrected_together():
    counts = {f"V{i:02d}": [1000, 100 + (i == 7) * 30 + i % 5] for i in range(41)}
    result = jl.growth.experiment(tiny_shop(), counts=counts, control="V00")
    rows = result.table()
    assert len(rows) == 40
    assert (rows["pvalue_adjusted"] >= rows["pvalue"]).all()
    assert rows["pvalue_adjusted"].max() == 1
    assert any("luckiest" in c for c in result.caveats)
    with pytest.raises(jl.BadParameter, match="101 variants"):
        jl.growth.experiment(tiny_shop(), counts={f"V{i}": [10, 1] for i in range(101)})


def test_among_very_many_tests_the_largest_is_read_and_any_can_be_named():
    shop = shop_of(
        {
            "outcomes": "SELECT 'test ' || (i // 2) AS experiment, 'u' || i AS unit_id, "
            "CASE WHEN i % 2 = 0 THEN 'A' ELSE 'B' END AS variant, i % 3 = 0 AS converted FROM range(200000) t(i) "
            "UNION ALL SELECT 'big', 'w' || i, CASE WHEN i % 2 = 0 THEN 'A' ELSE 'B' END, i % 3 = 0 FROM range(60) t(i)"
        }
    )
    assert jl.growth.experiment(shop).name == "big"
    assert jl.growth.experiment(shop, name="test 77777").table()["n"].tolist() == [1]


def test_capping_limits_what_a_few_units_can_do():
    rng = np.random.default_rng(7)
    values = rng.gamma(2, 10, 1000)
    values[[1, 3]] = 5000  # two giants, both in B
    exposed = [(f"u{i}", "AB"[i % 2], i % 7) for i in range(1000)]
    shop = small(exposed, [(f"u{i}", float(v)) for i, v in enumerate(values)], ["net"])
    whole, capped = jl.growth.experiment(shop), jl.growth.experiment(shop, cap=0.99)
    top = np.quantile(values, 0.99)
    clipped = np.minimum(values, top)
    assert capped.table()["value"][0] == pytest.approx(clipped[1::2].mean())
    assert capped.table()["upper"][0] < whole.table()["upper"][0] / 3
    assert any("Capped at the 99.00 %" in c for c in capped.caveats)


def test_outliers_that_carry_a_result_are_found():
    rng = np.random.default_rng(8)
    values = rng.gamma(2, 10, 1000)
    values[1:80:16] = 500
    exposed = [(f"u{i}", "AB"[i % 2], i % 16) for i in range(1000)]
    result = jl.growth.experiment(small(exposed, [(f"u{i}", float(v)) for i, v in enumerate(values)], ["net"]))
    assert result.table()["pvalue"][0] < 0.05
    assert "outliers in net" in set(result.checks["check"])


def test_a_suspicious_lift_is_named():
    result = jl.growth.experiment(tiny_shop(), counts={"A": [5000, 200], "B": [5000, 400]})
    assert any("Effects this large are mostly errors" in s for s in result.checks["finding"])


def test_quantiles_come_from_the_engine_as_numpy_would_have_them():
    rng = np.random.default_rng(9)
    values = rng.lognormal(3, 1, 2000)
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(2000)]
    shop = small(exposed, [(f"u{i}", float(v)) for i, v in enumerate(values)], ["net"])
    rows = jl.growth.experiment(shop, metrics=["median of net", "p90 of net"]).table()
    assert rows["value"].tolist() == pytest.approx(np.quantile(values[1::2], [0.5, 0.9]).tolist())
    assert (rows["lower"] < rows["effect"]).all()


def test_events_can_be_a_metric(sim):
    frames, shop = sim
    row = jl.growth.experiment(shop, metrics=["event purchase"]).table().iloc[0]
    assert row["value"] == pytest.approx(brute(frames)[lambda t: t["variant"] == "B"]["conversion"].mean())
    assert row["kind"] == "proportion"


def test_the_replays_last_day_is_the_result(sim):
    _, shop = sim
    for metrics in (["conversion"], ["revenue"], ["order value"]):
        result = jl.growth.experiment(shop, metrics=metrics, cuped=False)
        last, row = result.days.iloc[-1], result.table().iloc[0]
        assert [last["effect"], last["lower"], last["upper"]] == pytest.approx(
            [row["effect"], row["lower"], row["upper"]]
        )
        assert [last["always_lower"], last["always_upper"]] == pytest.approx([row["always_lower"], row["always_upper"]])
        assert last["n"] == row["n"]


def test_the_replay_of_a_file_of_outcomes_is_the_test_ended_that_day():
    rng = np.random.default_rng(8)
    exposed = [(f"u{i}", "AB"[i % 2], i % 20) for i in range(2000)]
    shop = small(exposed, [(f"u{i}", bool(rng.random() < 0.1 + 0.05 * (i % 2))) for i in range(2000)])
    result = jl.growth.experiment(shop, metrics=["converted"])
    row = result.days.iloc[9]
    ended = jl.growth.experiment(shop, metrics=["converted"], end=row["day"].date()).table().iloc[0]
    assert [row["lower"], row["upper"], row["n"]] == pytest.approx([ended["lower"], ended["upper"], ended["n"]])


def test_an_always_valid_reading_needs_more_than_a_fixed_one():
    counts = {"A": [3000, 300], "B": [3000, 350]}
    assert jl.growth.experiment(tiny_shop(), counts=counts).verdict.kind == "better"
    assert jl.growth.experiment(tiny_shop(), counts=counts, reading="always valid").verdict.kind == "open"


def test_a_prior_pulls_the_chance_towards_a_half():
    counts = {"A": [1000, 100], "B": [1000, 125]}
    flat = jl.growth.experiment(tiny_shop(), counts=counts).table()["chance_to_win"][0]
    sceptic = jl.growth.experiment(tiny_shop(), counts=counts, prior_sd=0.02).table()["chance_to_win"][0]
    assert 0.5 < sceptic < flat


def test_guardrails_are_held_against_their_margin_and_not_corrected():
    counts_shop = small(
        [(f"u{i}", "AB"[i % 2], 0) for i in range(4000)],
        [(f"u{i}", i % 5 == 0, float(i % 7)) for i in range(4000)],
        ["converted", "refunds"],
    )
    result = jl.growth.experiment(counts_shop, metrics=["converted"], guardrails={"refunds": 0.2})
    assert result.guardrails["reading"].tolist() == ["safe"]
    rows = result.table().set_index("metric")
    assert rows.loc["refunds", "role"] == "guardrail"
    assert rows.loc["converted", "pvalue_adjusted"] == rows.loc["converted", "pvalue"]


def test_days_left_follow_from_how_the_test_fills_up():
    exposed = [(f"u{i}", "AB"[i % 2], i // 100) for i in range(1000)]
    result = jl.growth.experiment(small(exposed, [(f"u{i}", i % 10 < 2) for i in range(1000)]), worthwhile=0.25)
    # 20 % and a quarter of it: 1,094 an arm, 2,188 in all, at 100 a day; 1,000 are there after 10 days
    assert result.verdict.days == 12
    assert "About 12 more days would show a change of 25 %" in result.headline()


def test_no_difference_worth_having_is_an_answer():
    result = jl.growth.experiment(tiny_shop(), counts={"A": [200_000, 40_000], "B": [200_000, 40_010]})
    assert result.verdict.kind == "same"
    assert result.headline().startswith("B makes no difference of 5 % or more")


def test_a_loser_is_named_as_one_and_where_lower_is_better_it_wins():
    counts = {"A": [5000, 600], "B": [5000, 480]}
    assert (
        jl.growth.experiment(tiny_shop(), counts=counts).headline().endswith("fewer orders per 100 units; stay with A.")
    )
    better = jl.growth.experiment(tiny_shop(), counts=counts, lower_is_better=["conversion"])
    assert better.verdict.kind == "better"


def test_shuffled_rows_change_nothing(sim, tmp_path):
    frames, shop = sim
    mixed = {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    one = jl.growth.experiment(shop, metrics=["conversion", "revenue"])
    other = jl.growth.experiment(frames_shop(tmp_path, mixed), metrics=["conversion", "revenue"])
    pd.testing.assert_frame_equal(one.table(), other.table(), rtol=1e-9)
    assert one.headline() == other.headline()


def test_cancelled_orders_and_other_units_orders_do_not_count(tmp_path):
    frames = simulated(seed=10, units=1000)
    gone = frames["orders"].assign(status="cancelled")
    rows = jl.growth.experiment(frames_shop(tmp_path, {**frames, "orders": gone}), metrics=["conversion"]).table()
    assert rows["value"][0] == 0


def test_customers_are_joined_to_their_own_orders(tmp_path):
    frames = simulated(seed=11, units=1000)
    tested = frames["exposures"].assign(unit="customer")
    with_customers = {"exposures": tested, "orders": frames["orders"]}
    by_customer = jl.growth.experiment(frames_shop(tmp_path, with_customers), metrics=["revenue"]).table()
    assert by_customer["value"][0] == pytest.approx(brute(frames)[lambda t: t["variant"] == "B"]["revenue"].mean())


def test_what_is_missing_is_said_in_words(tmp_path):
    with pytest.raises(jl.SchemaError, match="no test yet"):
        jl.growth.experiment(tiny_shop())
    shop = small([("u", "A", 0), ("w", "B", 0)])
    with pytest.raises(jl.BadParameter, match="cannot be joined"):
        jl.growth.experiment(shop)
    with pytest.raises(jl.NotEnoughData, match="nowhere"):
        jl.growth.experiment(shop, name="nowhere")
    measured = small([("u", "A", 0), ("w", "B", 0)], [("u", 1), ("w", 0)])
    with pytest.raises(jl.BadParameter, match="no metric 'clicks'"):
        jl.growth.experiment(measured, metrics=["clicks"])
    with pytest.raises(jl.BadParameter, match="no variant 'C'"):
        jl.growth.experiment(measured, control="C")
    with pytest.raises(jl.BadParameter, match="planned split"):
        jl.growth.experiment(measured, split={"A": 1})


def test_hostile_names_are_only_data(tmp_path):
    evil = "'; drop table outcomes; --"
    rows = [(evil, f"u{i}", ["A|*x*", evil][i % 2], i % 3 == 0) for i in range(60)]
    columns = ["experiment", "unit_id", "variant", "converted"]
    shop = frames_shop(tmp_path, {"outcomes": pd.DataFrame(rows, columns=columns)})
    result = jl.growth.experiment(shop, name=evil)
    assert result.table()["variant"][0] == ["A|*x*", evil][1] or result.control == evil
    memo = result.memo()
    assert "A\\|\\*x\\*" in memo
    for view in result.views:
        result.chart(view).to_dict()


def test_every_view_draws_and_the_memo_tells_all_that_was_found(sim):
    _, shop = sim
    result = jl.growth.experiment(shop, metrics=["conversion", "revenue", "p90 of revenue"], guardrails={"orders": 0.1})
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]
    memo = result.memo()
    for part in (
        "# Decision memo: fee",
        "sample ratio",
        "conversion",
        "Guardrails",
        "jl.growth.experiment(",
        "read once",
    ):
        assert part in memo


def test_the_call_it_carries_makes_the_same_figures_again(sim):
    _, shop = sim
    result = jl.growth.experiment(shop, metrics=["conversion"], window="7d", guardrails={"revenue": 0.05})
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), scope)
    pd.testing.assert_frame_equal(scope["experiment"].table(), result.table())
