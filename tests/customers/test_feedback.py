"""Scores with their intervals: published formula, coverage, groups, trend, paradox, and the demo store's truths."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import journeylab as jl
from journeylab.customers import paradox, score_course, score_interval, score_trend
from journeylab.customers.answers import KINDS, kinds_of, splits
from journeylab.data.examples import answers_shop, shop_of
from journeylab.errors import BadParameter

TRUTHS = Path(__file__).resolve().parents[2] / "sample_data" / "truths.json"


def answered(rows: str) -> jl.Dataset:
    """Return a shop of NPS answers from (day, score, group) rows in SQL."""
    return shop_of(
        {
            "surveys": f"""SELECT 'r' || row_number() OVER () AS response_id, day::TIMESTAMP AS answered_at,
                day::DATE AS day, 'nps' AS kind, score::DOUBLE AS score, 10::DOUBLE AS scale, touchpoint
                FROM ({rows}) t(day, score, touchpoint)"""
        }
    )


def repeated(day: str, promoters: int, detractors: int, group: str) -> str:
    return " UNION ALL ".join(
        f"SELECT '{day}', {score}, '{group}' FROM range({n})" for score, n in ((10, promoters), (0, detractors))
    )


@pytest.mark.parametrize(("p", "d", "n"), [(0.5, 0.2, 100), (0.9, 0.05, 40), (0.3, 0.3, 1000)])
def test_the_variance_of_nps_is_the_textbook_one(p, d, n):
    got = score_interval.variance(n, 100 * (p - d) * n, 10_000 * (p + d) * n)
    assert float(got) == pytest.approx(10_000 * (p + d - (p - d) ** 2) / n)


def test_half_promoters_and_a_fifth_detractors_score_thirty_with_an_error_of_7_81():
    score = 100 * (0.5 - 0.2)
    error = float(np.sqrt(score_interval.variance(100, 3000, 700_000)))
    assert (score, round(error, 2)) == (30, 7.81)
    lower, upper = score_interval.interval(10**6, 3e7, 7e9, KINDS["nps"])
    wide = 1.959964 * float(np.sqrt(score_interval.variance(10**6, 3e7, 7e9)))
    assert (float(lower), float(upper)) == pytest.approx((30 - wide, 30 + wide), abs=1e-3)


CROWDS = {  # shares of detractors, passives and promoters
    "as in the demo store": (0.20, 0.33, 0.47),
    "unhappy": (0.44, 0.32, 0.24),
    "even": (1 / 3, 1 / 3, 1 / 3),
    "good": (0.07, 0.23, 0.70),
    "polarised": (0.45, 0.10, 0.45),
}


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 30, 50, 200, 2000])
def test_the_interval_of_nps_covers_the_truth_about_as_often_as_it_says(n):
    rng = np.random.default_rng(7)
    points = np.array([-100.0, 0.0, 100.0])
    covered = []
    for shares in CROWDS.values():
        drawn = rng.multinomial(n, shares, 2000).astype(float)
        lower, upper = score_interval.interval(drawn.sum(axis=1), drawn @ points, drawn @ points**2, KINDS["nps"])
        truth = float(np.array(shares) @ points)
        covered.append(float(np.mean((lower <= truth) & (truth <= upper))))
    assert all(0.935 <= share <= 0.965 for share in covered), covered


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ces", "stars"])
def test_the_interval_of_a_mean_on_a_scale_covers_as_often_too(kind):
    rng = np.random.default_rng(8)
    points = np.array([point for point, _share in KINDS[kind].points])
    shares = np.array([0.06, 0.04, 0.08, 0.22, 0.60]) if kind == "stars" else np.array([4, 5, 8, 13, 20, 25, 25]) / 100
    covered = []
    for n in (20, 50, 500):
        drawn = rng.multinomial(n, shares, 2000).astype(float)
        lower, upper = score_interval.interval(drawn.sum(axis=1), drawn @ points, drawn @ points**2, KINDS[kind])
        truth = float(shares @ points)
        covered.append(float(np.mean((lower <= truth) & (truth <= upper))))
    assert all(0.935 <= share <= 0.965 for share in covered), covered


def test_the_demo_stores_nps_lies_in_the_interval(demo_customers):
    truth = json.loads(TRUTHS.read_text())["feedback"]
    whole = jl.customers.feedback(demo_customers).whole.iloc[0]
    assert whole["lower"] <= truth["nps_of_all_customers"] <= whole["upper"]
    assert whole["score"] == pytest.approx(truth["nps_of_answers"], abs=1e-5)
    assert whole["n"] == truth["nps_answers"]


def test_the_demo_stores_pain_is_the_touchpoint_that_scores_lowest(demo_customers):
    found = jl.customers.feedback(demo_customers, kind="csat", by="touchpoint")
    assert found.worst is not None
    assert found.worst["group"] == "delivery"
    assert found.rows["group"].iloc[0] == "delivery"
    assert "lowest for delivery" in found.headline()


def test_rewarded_stars_are_higher_in_the_demo_store_as_planted(demo_customers):
    found = jl.customers.feedback(demo_customers, kind="stars", by="incentive").rows.set_index("group")
    assert found.loc["yes", "difference_lower"] > 0
    assert bool(found.loc["yes", "clear"])


def test_groups_add_up_to_the_whole(spoken):
    for by in splits(spoken):
        found = jl.customers.feedback(spoken, by=by, smallest=5)
        assert found.rows["n"].sum() == found.whole["n"].iloc[0]
        assert found.rows["share"].sum() == pytest.approx(1)
        mean = (found.rows["score"] * found.rows["n"]).sum() / found.rows["n"].sum()
        assert mean == pytest.approx(found.whole["score"].iloc[0])


def test_what_lies_outside_its_scale_is_left_out_and_said(spoken):
    found = jl.customers.feedback(spoken)
    assert any("outside their own scale left out" in said for said in found.caveats)
    twelve = spoken.table("surveys").filter(lambda t: (t.kind == "nps") & (t.score == 12)).count()
    left = spoken.run(twelve.as_table()).iloc[0, 0]
    assert found.whole["n"].iloc[0] + left == kinds_of(spoken)["nps"]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_interval_holds_the_score_and_stays_on_the_scale(scores):
    points = np.select([np.array(scores) >= 9, np.array(scores) <= 6], [100.0, -100.0], 0.0)
    lower, upper = score_interval.interval(len(points), points.sum(), (points**2).sum(), KINDS["nps"])
    assert -100 <= float(lower) <= points.mean() + 1e-9
    assert points.mean() - 1e-9 <= float(upper) <= 100


def test_the_order_of_rows_changes_nothing():
    rows = "SELECT * FROM (VALUES ('2026-01-01', 9, 'a'), ('2026-01-02', 3, 'b'), ('2026-01-03', 7, 'a')) v"
    one, other = answered(rows), answered(f"SELECT * FROM ({rows}) ORDER BY 2")
    same = jl.customers.feedback(one, by="touchpoint").table(), jl.customers.feedback(other, by="touchpoint").table()
    pd.testing.assert_frame_equal(*same)


def test_without_groups_the_course_is_shown_and_no_chart_of_one_row(spoken):
    assert jl.customers.feedback(spoken).views == ("trend",)
    assert jl.customers.feedback(spoken, by="touchpoint", smallest=5).views == ("groups", "trend")
    with pytest.raises(BadParameter):
        jl.customers.feedback(spoken).chart("groups")


def test_a_score_below_zero_is_written_with_a_minus_and_not_a_hyphen():
    rows = "SELECT * FROM (VALUES ('2026-01-01', 1, 'a'), ('2026-01-02', 3, 'b'), ('2026-01-03', 7, 'a')) v"
    found = jl.customers.feedback(answered(rows))
    assert found.headline().startswith("NPS is −67 (−")
    assert "-" not in found.headline()


def test_a_survey_file_alone_is_enough():
    found = jl.customers.feedback(answers_shop(), kind="csat", by="touchpoint")
    assert found.whole["n"].iloc[0] == 90
    assert [found.chart(view).to_dict() for view in found.views]


def test_a_planted_paradox_is_noticed_and_said():
    # Each touchpoint gets better, but the second half asks mostly about the one that scores low.
    shop = answered(
        " UNION ALL ".join(
            (
                repeated("2026-01-01", 160, 40, "shop"),
                repeated("2026-01-01", 10, 30, "delivery"),
                repeated("2026-03-01", 36, 4, "shop"),
                repeated("2026-03-01", 100, 100, "delivery"),
            )
        )
    )
    found = jl.customers.feedback(shop, by="touchpoint")
    assert found.caveats[0].startswith("Simpson's paradox: from the first half of the period to the second")
    assert "goes down by" in found.caveats[0]
    assert "Trust the groups" in found.caveats[0]


def test_a_group_that_is_lower_only_because_of_what_it_was_asked_is_said_to_be():
    # Rewarded answers are higher at each touchpoint, and mostly about the one that scores low.
    parts = [("easy", "true", 40, 2), ("easy", "false", 170, 30), ("hard", "true", 80, 120), ("hard", "false", 12, 28)]
    rows = " UNION ALL ".join(
        f"SELECT '{place}' AS touchpoint, {reward} AS incentive, {score}::DOUBLE AS score FROM range({n})"
        for place, reward, glad, cross in parts
        for score, n in ((10, glad), (0, cross))
    )
    shop = shop_of(
        {
            "surveys": f"""SELECT 'r' || row_number() OVER () AS response_id, TIMESTAMP '2026-01-01' AS answered_at,
                DATE '2026-01-01' AS day, 'nps' AS kind, * FROM ({rows})"""
        }
    )
    found = jl.customers.feedback(shop, by="incentive")
    assert found.rows.set_index("group").loc["yes", "difference_upper"] < 0
    assert "Simpson's paradox: yes lies below the rest as a whole, and above it at the same touchpoints" in " ".join(
        found.caveats
    )


def test_a_whole_that_moves_with_its_parts_is_no_paradox():
    rows = pd.DataFrame(
        {"arm": [False, False, True, True], "part": ["a", "b"] * 2, "n": 100, "total": [0, 1000, 500, 1500],
         "squares": 400_000}
    )  # fmt: skip
    found = paradox.look(rows, level=0.95, smallest=30)
    assert found is not None
    assert not found.reversed
    assert found.whole == found.within == pytest.approx(5)


def test_a_planted_change_of_level_is_found_on_its_day_and_noise_shows_none():
    rng = np.random.default_rng(3)
    days = pd.date_range("2026-01-01", periods=100)
    n = np.full(100, 10)

    def series(chance: np.ndarray) -> pd.DataFrame:
        promoters = rng.binomial(n, chance)
        return pd.DataFrame({"day": days, "n": n, "total": 100.0 * (2 * promoters - n), "squares": 1e4 * n})

    moved = score_trend.changes(series(np.where(np.arange(100) < 60, 0.75, 0.5)), smallest=30)
    assert abs((moved["day"].iloc[0] - days[60]).days) <= 4
    assert moved["before"].iloc[0] > moved["after"].iloc[0]
    found = [len(score_trend.changes(series(np.full(100, 0.6)), smallest=30)) for _ in range(40)]
    assert sum(found) <= 2


def test_a_slope_agrees_with_least_squares_on_the_single_answers():
    from scipy.stats import linregress

    rng = np.random.default_rng(4)
    day = rng.integers(0, 90, 400)
    points = rng.choice([-100.0, 0.0, 100.0], 400, p=[0.3, 0.3, 0.4]) + day * 0.0
    frame = pd.DataFrame({"day": pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D"), "total": points})
    frame = frame.assign(n=1, squares=points**2).groupby("day", as_index=False).sum()
    got, want = score_trend.slope(frame, level=0.95), linregress(day, points)
    assert got.p == pytest.approx(want.pvalue)
    assert got.a_month == pytest.approx(want.slope * 365.25 / 12)


def test_small_groups_are_shown_and_not_compared_and_colleagues_are_left_out(spoken):
    found = jl.customers.feedback(spoken, by="customers.country", smallest=1000)
    assert not found.rows["enough"].any()
    assert found.rows["difference"].isna().all()
    staff = jl.customers.feedback(spoken, kind="enps", by="touchpoint", smallest=1000)
    assert staff.rows.empty
    assert any("colleagues left out" in said for said in staff.caveats)


def test_before_and_after_delivery_is_the_state_of_the_last_order(spoken):
    found = jl.customers.feedback(spoken, by="delivery", smallest=5).rows
    assert {"before delivery", "after delivery"} <= set(found["group"])
    orders, answers = (spoken.run(spoken.table(name)) for name in ("orders", "surveys"))
    nps = answers[(answers["kind"] == "nps") & (answers["score"] <= 10)].dropna(subset=["customer_id"])
    pairs = nps.merge(orders, on="customer_id")
    pairs = pairs[pairs["ordered_at"] <= pairs["answered_at"]].sort_values(["ordered_at", "order_id"])
    last = pairs.groupby("response_id").tail(1)
    assert found.set_index("group").loc["after delivery", "n"] == (last["delivered_at"] <= last["answered_at"]).sum()


def test_personas_break_answers_down(spoken):
    personas = jl.customers.personas(spoken, k=2, features=["frequency", "order_value"])
    found = jl.customers.feedback(spoken, personas=personas, smallest=5)
    assert set(personas.cards["name"]) <= set(found.rows["group"])
    with pytest.raises(jl.BadParameter, match="not by both"):
        jl.customers.feedback(spoken, by="touchpoint", personas=personas)


def test_what_cannot_be_asked_is_said(spoken):
    with pytest.raises(jl.BadParameter, match="cannot be broken down by 'moon'"):
        jl.customers.feedback(spoken, by="moon")
    with pytest.raises(jl.NotEnoughData, match="No answer of this kind"):
        jl.customers.feedback(answers_shop(), kind="enps")


PARADOX = " UNION ALL ".join(
    (
        repeated("2026-01-01", 160, 40, "shop"),
        repeated("2026-01-01", 10, 30, "delivery"),
        repeated("2026-03-01", 36, 4, "shop"),
        repeated("2026-03-01", 100, 100, "delivery"),
    )
)


def test_a_paradox_is_noticed_without_a_breakdown_and_the_title_does_not_say_the_score_falls():
    found = jl.customers.feedback(answered(PARADOX))
    assert "going down as a whole and up at each touchpoint" in found.headline()
    assert found.caveats[0].startswith("Simpson's paradox: ")
    assert "within the touchpoints" in found.caveats[0]
    assert "other touchpoints are asked about now. Break it down by touchpoint" in found.caveats[0]


def test_a_paradox_of_touchpoints_is_noticed_whatever_the_answers_are_broken_down_by():
    shop = shop_of(
        {
            "surveys": f"""SELECT 'r' || row_number() OVER () AS response_id, day::TIMESTAMP AS answered_at,
                day::DATE AS day, 'nps' AS kind, score::DOUBLE AS score, touchpoint,
                row_number() OVER () % 2 = 0 AS incentive FROM ({PARADOX}) t(day, score, touchpoint)"""
        }
    )
    found = jl.customers.feedback(shop, by="incentive")
    assert found.caveats[0].startswith("Simpson's paradox: ")
    assert "within the touchpoints" in found.caveats[0]
    assert found.caveats[1].startswith("Over time, as a whole: going down by 15 points a month (−23 to −")


def test_a_trend_is_said_with_its_interval_and_none_is_too():
    falling = " UNION ALL ".join(repeated(f"2026-0{month}-01", 60 - 9 * month, 20, "x") for month in range(1, 6))
    found = jl.customers.feedback(answered(falling))
    line = found.slope
    assert line.upper < 0
    ends = f"(−{abs(line.lower):.2g} to −{abs(line.upper):.2g})"
    assert found.headline().endswith(f"going down by {abs(line.a_month):.2g} points a month {ends}.")
    still = " UNION ALL ".join(repeated(f"2026-0{month}-01", 40, 20, "x") for month in range(1, 6))
    assert "it shows no clear trend (−" in jl.customers.feedback(answered(still)).headline()


def staffed(groups: dict[str, int], days: int = 90) -> jl.Dataset:
    """Return a shop whose colleagues answered, so many of each group, over some days."""
    rows = " UNION ALL ".join(
        f"SELECT i, '{name}' AS touchpoint FROM range({10_000 * place}, {10_000 * place + n}) t(i)"
        for place, (name, n) in enumerate(groups.items())
    )
    return shop_of(
        {
            "surveys": f"""SELECT 'r' || i AS response_id, DATE '2026-01-01' + CAST(i * 37 % {days} AS INTEGER) AS day,
                TIMESTAMP '2026-01-01' AS answered_at, 'enps' AS kind, (i * 7 % 11)::DOUBLE AS score, touchpoint
                FROM ({rows})"""
        }
    )


def test_no_span_of_the_course_tells_of_a_few_colleagues():
    found = jl.customers.feedback(staffed({"all": 127}), kind="enps", smallest=10)
    assert found.trend["n"].min() >= 10
    assert found.trend["n"].sum() == 127
    assert len(found.trend) > 5
    ends = set(found.trend["bucket"])
    assert set(found.changes["day"]) <= ends  # so that no two spans leave a few people between them
    few = jl.customers.feedback(staffed({"all": 7}), kind="enps", smallest=10)
    assert few.trend["n"].tolist() == [7]
    assert few.chart().to_dict()


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        ({"a": 100, "b": 50, "c": 3}, {"a"}),
        ({"a": 100, "b": 50, "c": 20, "d": 15}, {"a", "b"}),
        ({"a": 100, "b": 50}, {"a", "b"}),
        ({"a": 40, "b": 3}, set()),
    ],
)
def test_a_hidden_group_of_colleagues_cannot_be_had_by_subtraction(groups: dict[str, int], seen: set[str]):
    found = jl.customers.feedback(staffed(groups), kind="enps", by="touchpoint", smallest=30)
    assert set(found.rows["group"]) == seen
    left = found.whole["n"].iloc[0] - found.rows["n"].sum()
    assert left == 0 or left >= 30


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(5, 40))
def test_what_shown_groups_and_spans_leave_is_nothing_or_enough(sizes, smallest):
    rows = pd.DataFrame({"n": sizes, "enough": np.array(sizes) >= smallest})
    kept = score_course.shown(rows, smallest)
    left = int(rows.loc[~kept, "n"].sum())
    assert left == 0 or left >= min(smallest, sum(sizes))
    assert rows.loc[kept, "enough"].all()
    days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=len(sizes)), "n": sizes})
    spans = score_course.guarded(days, smallest)
    assert spans["n"].min() >= min(smallest, sum(sizes))
    assert spans["n"].sum() == sum(sizes)
