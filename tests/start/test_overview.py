from __future__ import annotations

import math
import random

import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop


def shop_with(orders):
    """Return a shop whose orders are (customer or None, ISO day, net) tuples."""
    rows = ", ".join(f"({repr(c) if c else 'NULL'}, DATE '{d}', {n})" for c, d, n in orders)
    return shop_of(
        {
            "orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id::VARCHAR AS customer_id,
                day::TIMESTAMP AS ordered_at, day, 'completed' AS status, net::DECIMAL(18,4) AS net
                FROM (VALUES {rows}) t(customer_id, day, net)"""
        }
    )


def test_online_retail_has_22064_orders_of_4339_customers(online_retail):
    result = jl.overview(online_retail)
    assert result["orders"].value == 22_064
    assert result["new_customers"].value == 4_339
    # Quantity x price of the whole file is 9,747,747.934; its cancellations are worth -896,812.49.
    assert result["revenue"].value == pytest.approx(9_747_747.934 + 896_812.49, abs=0.01)


def test_a_month_of_online_retail_agrees_with_pandas(online_retail, shared):
    frame = pd.read_parquet(shared / "data" / "retail" / "online_retail.parquet")
    frame = frame[~frame["InvoiceNo"].str.startswith("C")]
    frame["net"] = frame["Quantity"] * frame["UnitPrice"]
    orders = frame.groupby("InvoiceNo").agg(
        customer=("CustomerID", "first"), at=("InvoiceDate", "min"), net=("net", "sum")
    )
    june = orders[(orders["at"] >= "2011-06-01") & (orders["at"] < "2011-07-01")]
    firsts = orders.groupby("customer")["at"].min()
    buyers = june["customer"].dropna().unique()
    new = (firsts[buyers] >= "2011-06-01").sum()
    times = orders[orders["at"] < "2011-07-01"].groupby("customer").size()[buyers]
    # a moment decides which order was first; orders of one moment are one after the other by number
    turns = orders.sort_values(["at", "InvoiceNo"]).groupby("customer").cumcount()
    again = june.loc[turns.reindex(june.index) > 0, "customer"].nunique()

    result = jl.overview(online_retail.between("2011-06-01", "2011-06-30"))
    assert result["orders"].value == len(june)
    assert result["revenue"].value == pytest.approx(june["net"].sum())
    assert result["new_customers"].value == new
    assert result["returning_customers"].value == again
    assert result["repeat_rate"].value == pytest.approx((times >= 2).mean())
    may = orders[(orders["at"] >= "2011-05-02") & (orders["at"] < "2011-06-01")]
    assert result["revenue"].previous == pytest.approx(may["net"].sum())
    assert result["revenue"].change == pytest.approx(june["net"].sum() / may["net"].sum() - 1)


def test_who_orders_again_in_the_period_is_new_and_returning():
    orders = [("a", "2026-01-05", 10), ("a", "2026-01-20", 10), ("b", "2026-01-20", 10), ("c", "2026-01-21", 10)]
    result = jl.overview(shop_with([*orders, ("c", "2026-01-21", 5)]), grain="week")
    assert result["new_customers"].value == 3
    assert result["returning_customers"].value == 2
    assert result["repeat_rate"].value == pytest.approx(2 / 3)
    weeks = result.series.set_index("bucket")
    assert weeks["returning_customers"].tolist() == [0, 0, 2]
    assert weeks["known_before"].tolist() == [0, 0, 1]


def test_the_whole_of_the_data_has_returning_customers_too(online_retail):
    result = jl.overview(online_retail)
    assert result["returning_customers"].value == round(4_339 * result["repeat_rate"].value) > 2_000


def test_buckets_add_up_to_the_period(online_retail):
    for grain in ("day", "week", "month"):
        result = jl.overview(online_retail.between("2011-02-10", "2011-05-20"), grain=grain)
        for key in ("revenue", "orders", "new_customers"):
            assert result.series[key].sum() == pytest.approx(result[key].value), (grain, key)


def test_cut_buckets_are_flagged_and_left_out_of_the_trend():
    shop = shop_with([("a", f"2026-01-{d:02d}", 10) for d in range(1, 32)])
    result = jl.overview(shop.between("2026-01-07", "2026-01-20"), grain="week")
    assert result.series["partial"].tolist() == [True, False, True]
    assert result["orders"].trend == (7.0,)
    assert "drawn pale" in " ".join(result.caveats)


def test_a_whole_bucket_is_not_flagged():
    shop = shop_with([("a", f"2026-01-{d:02d}", 10) for d in range(1, 32)])
    assert not jl.overview(shop, grain="month").series["partial"].any()


def test_a_bucket_without_orders_is_zero_and_its_order_value_unknown():
    series = jl.overview(tiny_shop(), grain="week").series
    empty = series[series["orders"] == 0]
    assert len(empty)
    assert (empty["revenue"] == 0).all()
    assert empty["order_value"].isna().all()


def test_the_period_before_has_the_same_length():
    shop = shop_with([("a", "2026-01-01", 10), ("a", "2026-01-11", 20), ("b", "2026-01-20", 40)])
    result = jl.overview(shop.between("2026-01-11", "2026-01-20"))
    assert [d.isoformat() for d in result.before] == ["2026-01-01", "2026-01-10"]
    assert result["revenue"].previous == 10
    assert result["revenue"].change == 5


def test_without_a_whole_earlier_period_there_is_no_comparison():
    result = jl.overview(tiny_shop())
    assert result.before is None
    assert math.isnan(result["revenue"].change)
    assert "no whole earlier period" in " ".join(result.caveats)


def test_guests_count_as_orders_and_not_as_customers():
    result = jl.overview(shop_with([("a", "2026-01-01", 10), (None, "2026-01-02", 30)]))
    assert result["orders"].value == 2
    assert result["revenue"].value == 40
    assert result["new_customers"].value == 1
    assert "1 of 2 orders (50.0 %) carry no customer" in " ".join(result.caveats)


def test_orders_without_a_customer_column_leave_customers_unknown():
    shop = shop_of(
        {
            "orders": """SELECT '1' AS order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
                'completed' AS status, 5::DECIMAL(18,4) AS net"""
        }
    )
    result = jl.overview(shop)
    assert result["revenue"].value == 5
    assert math.isnan(result["new_customers"].value)
    assert math.isnan(result["repeat_rate"].value)
    for view in result.views:
        result.chart(view).to_dict()


def test_other_currencies_stay_out_of_the_figures():
    shop = shop_of(
        {
            "orders": """SELECT * FROM (VALUES
                ('1', TIMESTAMP '2026-01-01', DATE '2026-01-01', 'completed', 5::DECIMAL(18,4), 'EUR'),
                ('2', TIMESTAMP '2026-01-01', DATE '2026-01-01', 'completed', 7::DECIMAL(18,4), 'USD'))
                t(order_id, ordered_at, day, status, net, currency)"""
        }
    )
    assert jl.overview(shop)["revenue"].value == 5


def test_doubling_prices_doubles_money_and_nothing_else():
    rng = random.Random(5)
    orders = [(f"c{rng.randrange(9)}", f"2026-01-{rng.randrange(1, 29):02d}", rng.randrange(1, 90)) for _ in range(60)]
    once = jl.overview(shop_with(orders))
    twice = jl.overview(shop_with([(c, d, 2 * n) for c, d, n in orders]))
    for a, b in zip(once.figures, twice.figures, strict=True):
        assert b.value == pytest.approx(a.value * (2 if a.kind == "money" else 1), nan_ok=True)


def test_a_period_without_orders_is_said_in_a_sentence():
    shop = tiny_shop().between("2026-01-02", "2026-01-10")
    with pytest.raises(jl.NotEnoughData, match="2 Jan 2026 to 10 Jan 2026"):
        jl.overview(shop)


def test_an_unknown_grain_is_refused():
    with pytest.raises(jl.BadParameter, match="grain must be one of"):
        jl.overview(tiny_shop(), grain="year")


def test_every_figure_carries_its_definition_and_every_view_draws():
    result = jl.overview(tiny_shop())
    assert all(figure.definition and (figure.n or figure.lacks) for figure in result.figures)
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


def test_days_after_the_last_order_are_not_known_where_another_table_goes_on():
    shop = shop_of(
        {
            "orders": """SELECT i::VARCHAR AS order_id, 'c' AS customer_id, DATE '2026-01-01' + i::INT AS day,
                (DATE '2026-01-01' + i::INT)::TIMESTAMP AS ordered_at, 'completed' AS status, 10::DECIMAL(18,4) AS net
                FROM range(40) t(i)""",
            "spend": """SELECT DATE '2026-01-01' + i::INT AS day, 'search' AS marketing_channel FROM range(100) t(i)""",
        }
    )
    result = jl.overview(shop, grain="week")
    after = result.series[result.series["bucket"] > "2026-02-09"]
    assert len(after) > 5
    assert after["revenue"].isna().all()
    assert after["partial"].all()
    assert "60 days before the period ends" in " ".join(result.caveats)
    assert jl.customers.rfm(shop).as_of.isoformat() == "2026-02-09"


def whole_shop(events="", surveys=""):
    """Two orders in January and February, with the given rows of (visitor, session, moment, event) and (day, score)."""
    tables = {
        "orders": """SELECT day AS order_id, 'c' AS customer_id, day::TIMESTAMP AS ordered_at, day::DATE AS day,
            'completed' AS status, 9::DECIMAL(18,4) AS net FROM (VALUES ('2026-01-01'), ('2026-02-28')) t(day)"""
    }
    if events:
        tables["events"] = f"""SELECT visitor_id, session_id, moment::TIMESTAMP AS occurred_at, moment::DATE AS day,
            event FROM (VALUES {events}) t(visitor_id, session_id, moment, event)"""
    if surveys:
        tables["surveys"] = f"""SELECT row_number() OVER ()::VARCHAR AS response_id, day::TIMESTAMP AS answered_at,
            day::DATE AS day, kind, score::DOUBLE AS score FROM (VALUES {surveys}) t(day, kind, score)"""
    return shop_of(tables)


VISITS = """('v', '1', '2026-01-05 10:00', 'view'), ('v', '1', '2026-01-05 10:09', 'Purchase'),
    ('v', '2', '2026-01-09 10:00', 'view'), ('w', '1', '2026-01-31 23:59', 'view'),
    ('w', '1', '2026-02-01 00:01', 'purchase'), ('x', '1', '2026-02-03 10:00', 'view'),
    ('y', '1', '2026-02-27 10:00', 'checkout_completed')"""
ANSWERS = """('2026-01-05', 'nps', 10), ('2026-01-06', 'nps', 6), ('2026-02-01', 'nps', 9), ('2026-02-02', 'nps', 10),
    ('2026-02-03', 'nps', 8), ('2026-02-04', 'nps', 0), ('2026-02-05', 'csat', 1), ('2026-02-06', 'nps', 77)"""


def test_conversion_is_counted_by_hand_and_a_session_belongs_to_the_day_it_began():
    shop = whole_shop(events=VISITS)
    january, february = (jl.overview(shop.between(*days)) for days in (JANUARY, FEBRUARY))
    # v bought in one of two sessions, and w in the one that began on 31 January
    assert (january["conversion"].value, january["conversion"].n) == (pytest.approx(2 / 3), 3)
    assert (february["conversion"].value, february["conversion"].n) == (0.5, 2)
    assert february["conversion"].lower < 0.5 < february["conversion"].upper


JANUARY, FEBRUARY = ("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28")


def test_nps_is_counted_by_hand_with_what_cannot_be_an_answer_left_out():
    result = jl.overview(whole_shop(surveys=ANSWERS).between(*FEBRUARY))
    figure = result["nps"]
    # two of four promote, one detracts; the 77 is no answer on a scale of ten
    assert (figure.value, figure.n) == (25.0, 4)
    assert figure.previous == 0.0
    assert figure.change == 25.0
    assert figure.written(figure.value, "EUR") == "+25"
    assert figure.moved() == "+25 points"
    assert "of 4 answers only" in " ".join(result.caveats)


def test_conversion_and_nps_agree_with_the_pages_that_look_at_them_closely():
    shop = whole_shop(events=VISITS, surveys=ANSWERS)
    for days in (JANUARY, FEBRUARY):
        seen = shop.between(*days)
        result = jl.overview(seen)
        close = jl.journey.sessions(seen).table().set_index("measure").loc["conversion rate"]
        found = result["conversion"]
        assert (found.value, found.lower, found.upper) == pytest.approx(
            (close["value"], close["lower"], close["upper"])
        )
        score = jl.customers.feedback(seen).whole.iloc[0]
        found = result["nps"]
        assert (found.value, found.lower, found.upper) == pytest.approx(tuple(score[["score", "lower", "upper"]]))


def test_the_course_of_conversion_and_nps_holds_the_period_and_knows_nothing_of_empty_buckets():
    result = jl.overview(whole_shop(events=VISITS, surveys=ANSWERS), grain="week")
    series = result.series.set_index("bucket")
    assert series.loc["2026-01-05", "conversion"] == 0.5
    assert series.loc["2026-01-05", "nps"] == 0.0
    assert math.isnan(series.loc["2026-01-12", "conversion"])
    assert math.isnan(series.loc["2026-01-12", "nps"])


def test_what_is_missing_for_conversion_and_nps_is_said():
    bare = jl.overview(tiny_shop())
    assert math.isnan(bare["nps"].value)
    assert "one answer a row" in bare["nps"].lacks
    unnamed = jl.overview(
        whole_shop(events="('v', '1', '2026-01-05 10:00', 'seen')", surveys="('2026-01-05', 'csat', 5)")
    )
    assert "known name of a purchase" in unnamed["conversion"].lacks
    assert "Nobody said" in unnamed["nps"].lacks
    without = jl.overview(whole_shop())
    assert "GA4" in without["conversion"].lacks
    assert "Conversion rate: not known yet. A file with one event a row" in " ".join(without.caveats)
    assert without["conversion"].written(without["conversion"].value, "EUR") == "not known"


def test_a_period_in_which_nobody_bought_converted_nobody_where_purchases_are_known():
    shop = whole_shop(events=VISITS).between("2026-02-02", "2026-02-28")
    quiet = whole_shop(events=VISITS.replace("2026-02-27", "2026-01-27")).between("2026-02-02", "2026-02-28")
    assert jl.overview(shop)["conversion"].value == 0.5
    assert (jl.overview(quiet)["conversion"].value, jl.overview(quiet)["conversion"].n) == (0.0, 1)


def test_conversion_says_which_part_of_the_period_the_events_cover_and_compares_only_whole_periods():
    shop = whole_shop(events="('v', '1', '2026-02-10 10:00', 'purchase')")
    result = jl.overview(shop.between("2026-02-01", "2026-02-28"))
    assert "The events begin on 2026-02-10 and end on 2026-02-10" in " ".join(result.caveats)
    assert math.isnan(result["conversion"].previous)
