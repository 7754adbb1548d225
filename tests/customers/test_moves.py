from __future__ import annotations

import io
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import triggers
from journeylab.customers.migration import NOT_YET, Migration
from journeylab.data import lab_file
from tests.customers.crowds import kinds, one_kind, shop_from


@pytest.fixture(scope="module")
def planted():
    return kinds(21, each=60)[0]


@pytest.fixture(scope="module")
def personas(planted):
    return jl.customers.personas(planted, k=3)


def test_everyone_of_the_later_date_is_in_exactly_one_move(planted):
    result = jl.customers.migration(planted, before="2025-06-30")
    later = jl.customers.rfm_groups(planted).table().query("group != 'Prospects'")
    by_group = result.table().groupby("after")["n"].sum()
    assert dict(by_group) == {g: n for g, n in zip(later["group"], later["n"], strict=True) if n}


def test_the_money_of_the_moves_is_the_money_of_the_windows(planted):
    result = jl.customers.migration(planted, before="2025-06-30")
    orders = planted.run(planted.sales())
    day, net = pd.to_datetime(orders["day"]), orders["net"].astype(float)
    first, days = pd.Timestamp("2025-06-30"), result.days
    inside = (day <= first) & (day > first - pd.Timedelta(days=days))
    moves = result.table()
    assert moves["net_before"].sum() == pytest.approx(net[inside].sum())
    assert moves["net_after"].sum() == pytest.approx(net[day > first].sum())
    assert moves["moved_net"].sum() == pytest.approx(net[day > first].sum() - net[inside].sum())


def test_the_interval_of_a_moves_money_is_that_of_a_sum():
    rng = np.random.default_rng(1)
    early = pd.DataFrame({"customer_id": [f"c{i}" for i in range(60)], "day": 50, "net": rng.gamma(2, 10, 60).round(2)})
    late = early.assign(day=150, net=rng.gamma(2, 10, 60).round(2))
    shop = shop_from(pd.concat([early, late], ignore_index=True))
    table = jl.customers.migration(shop, before="2025-04-01").table()
    then = jl.customers.rfm_groups(shop, as_of="2025-04-01").roster.page().set_index("customer_id")["group"]
    now = jl.customers.rfm_groups(shop).roster.page().set_index("customer_id")["group"]
    change = pd.Series(late["net"].to_numpy() - early["net"].to_numpy(), early["customer_id"])
    for row in table[table["n"] > 1].itertuples():
        part = change[(then[change.index] == row.before) & (now[change.index] == row.after)]
        half = 1.959963984540054 * part.std(ddof=1) * np.sqrt(len(part))
        assert row.n == len(part)
        assert (row.moved_net, row.moved_net_upper) == pytest.approx((part.sum(), part.sum() + half))


def test_personas_are_followed_with_one_ruler(planted, personas):
    table = jl.customers.migration(planted, before="2025-09-30", personas=personas).table()
    assert set(table["after"]) <= set(personas.cards["name"])
    known = table[table["before"] != NOT_YET]
    stayed = known.loc[known["before"] == known["after"], "n"].sum()
    assert stayed / known["n"].sum() > 0.8


def test_moves_follow_the_rules_scores_and_money_that_were_chosen(planted):
    halves = [{"group": "Better half", "fm": "4-5"}, {"group": "Other half"}]
    chosen = {"groups": halves, "bins": 3, "money": "margin", "cutoffs": {"m": [50, 200]}}
    moves = jl.customers.migration(planted, before="2025-06-30", **chosen).table()
    for side, day in (("before", "2025-06-30"), ("after", None)):
        named = jl.customers.rfm_groups(planted, as_of=day, **chosen).table().set_index("group")["n"]
        known = moves[moves[side] != NOT_YET].groupby(side)["n"].sum()
        assert dict(known) == {name: n for name, n in named.items() if n}
    assert set(moves["after"]) == {"Better half", "Other half"}


@pytest.mark.parametrize("followed", [False, True])
def test_a_chosen_period_hides_nobody_who_had_ordered_before_it(planted, personas, followed):
    more = {"personas": personas} if followed else {}
    period = planted.between("2025-10-01", "2025-12-31")
    seen, whole = (jl.customers.migration(shop, before="2025-08-01", **more) for shop in (period, planted))
    pd.testing.assert_frame_equal(seen.table(), whole.table())
    assert any("whatever period is chosen" in caveat for caveat in seen.caveats)


def silent_and_newcomers():
    silent = pd.DataFrame({"customer_id": [f"a{i}" for i in range(50)], "day": 100, "net": np.arange(50) + 10.0})
    new = pd.DataFrame({"customer_id": [f"b{i}" for i in range(200)], "day": 101, "net": 1000.0})
    return shop_from(pd.concat([silent, new], ignore_index=True))


def test_who_moves_without_buying_is_not_said_to_have_changed():
    shop, days = silent_and_newcomers(), {"before": "2025-04-11", "after": "2025-04-12"}
    moved = jl.customers.migration(shop, **days)
    old = moved.table().query("before != @NOT_YET")
    assert old.loc[old["before"] != old["after"], "n"].sum() > 0, "the newcomers moved the ruler"
    assert not any("behaviour changed" in caveat for caveat in moved.caveats)
    assert any("because others came" in caveat for caveat in moved.caveats)
    ruler = {"r": [30, 90, 180, 365], "f": [2, 3, 5, 10], "m": [20, 30, 40, 50]}
    held = jl.customers.migration(shop, cutoffs=ruler, **days)
    known = held.table().query("before != @NOT_YET")
    assert (known["before"] == known["after"]).all()
    assert not any("because others came" in caveat for caveat in held.caveats)


def test_the_largest_loss_of_many_moves_has_an_interval_that_allows_for_the_picking():
    """Nobody's spending changes but by chance: what is said of the worst move must hold 0 as often as its level."""
    rng, missed, plainly = np.random.default_rng(8), 0, 0
    shops = 100
    for _ in range(shops):
        n = rng.integers(5, 60, 12)
        changes = [rng.normal(0, 40, size) for size in n]
        table = pd.DataFrame({"before": [f"g{i}" for i in range(12)], "after": "other", "n": n,
                              "moved_net": [c.sum() for c in changes]})  # fmt: skip
        half = np.array([1.959963984540054 * np.sqrt(len(c)) * c.std(ddof=1) for c in changes])
        table = table.assign(moved_net_lower=table["moved_net"] - half, moved_net_upper=table["moved_net"] + half)
        result = Migration(moves=table, days=90, first=date(2025, 1, 1), last=date(2025, 4, 1), level=0.95, currency="")
        text = result.headline()
        assert "of 12 moves the largest loss is from g" in text
        upper = re.search(r"\(.* to (.*), 95 % for all together\)", text)[1]
        missed += upper.startswith("−")
        plainly += table.loc[table["moved_net"].idxmin(), "moved_net_upper"] < 0
    assert plainly > 0.15 * shops, "the plain interval misses far too often"
    assert missed <= 0.05 * shops


@pytest.mark.parametrize("before", ["2026-05-01", "2024-01-01"])
def test_dates_that_cannot_be_compared_are_a_sentence(planted, before):
    with pytest.raises(jl.JourneylabError):
        jl.customers.migration(planted, before=before)


def test_lift_and_association_agree_with_a_second_implementation(planted, personas):
    from scipy.stats.contingency import association, expected_freq

    result = jl.customers.crosswalk(planted, personas=personas)
    cells = result.table()
    wide = cells.pivot_table(index="persona", columns="group", values="n", fill_value=0).astype(int)
    expected = pd.DataFrame(expected_freq(wide), index=wide.index, columns=wide.columns)
    lift = [row["n"] / expected.loc[row["persona"], row["group"]] for row in cells.to_dict("records")]
    assert cells["lift"].tolist() == pytest.approx(lift)
    assert result.association == pytest.approx(association(wide.to_numpy(), method="cramer"))
    assert (cells["lift_lower"] <= cells["lift"]).all()
    assert (cells["lift"] <= cells["lift_upper"]).all()
    # wide enough for all pairs together, so wider than the interval of one rate
    assert (cells["lift_lower"] <= cells["lower"] * cells["lift"] / cells["rate"]).all()
    best = cells.loc[cells["lift_lower"].idxmax()]
    assert (
        f"{best['lift_lower']:.1f} to {best['lift_upper']:.1f}, which allows for {len(cells)} pairs"
        in result.headline()
    )


def test_the_crosswalk_counts_every_customer_once(planted, personas):
    cells = jl.customers.crosswalk(planted, personas=personas).table()
    assert cells["n"].sum() == personas.cards["n"].sum()
    assert cells.groupby("persona")["rate"].sum().to_numpy() == pytest.approx(1)
    assert cells["expected"].sum() <= cells["n"].sum() + 1e-9


def test_an_audience_holds_out_the_same_customers_each_time(planted, personas):
    name = personas.cards["name"].iloc[0]
    first = jl.customers.audience(planted, personas=personas, names=[name], holdout=0.3, seed=5)
    second = jl.customers.audience(planted, personas=personas, holdout=0.3, seed=5)
    target = io.StringIO()
    assert first.roster.write(target) == first.n == personas.cards["n"].iloc[0]
    rows = pd.read_csv(io.StringIO(target.getvalue())).set_index("customer_id")["holdout"]
    everyone = second.roster.page(size=10_000).set_index("customer_id")["holdout"]
    assert rows.sum() == first.holdout
    assert (everyone.loc[rows.index] == rows).all()


def test_an_audience_can_be_kept_to_who_agreed(planted, personas):
    with pytest.raises(jl.BadParameter, match="who accepts marketing"):
        jl.customers.audience(planted, personas=personas, consented=True)
    with pytest.raises(jl.BadParameter, match="names must be"):
        jl.customers.audience(planted, personas=personas, names=["nobody"])


def crowd_with_traits():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"customer_id": [f"c{i % 90}" for i in range(300)], "day": rng.integers(0, 300, 300)})
    frame = frame.assign(net=rng.gamma(2, 20, 300).round(2), discount_code=np.where(rng.random(300) < 0.5, "X", None))
    people = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(80)],
            "birth_year": [1950 + i % 55 for i in range(80)],
            "accepts_marketing": [i % 3 > 0 for i in range(80)],
            "country": ["DE" if i % 4 else "AT" for i in range(80)],
        }
    )
    return shop_from(frame, customers=people)


@pytest.mark.parametrize("by", ["cycle", "consent", "age", "country", "trigger"])
def test_segments_hold_every_customer_once(by):
    table = jl.customers.segments(crowd_with_traits(), by=by).table()
    assert table["n"].sum() == table["of"].iloc[0] == 90
    assert table["share_of_net"].sum() == pytest.approx(1)
    if by in {"consent", "age", "country"}:
        assert table.set_index("segment").loc["not known", "n"] == 10


def test_a_segment_no_file_knows_is_refused_by_name():
    with pytest.raises(jl.SchemaError, match="birth_year"):
        jl.customers.segments(one_kind(1, customers=60), by="age")


def test_orders_after_a_message_count_as_triggered_by_it():
    frame = pd.DataFrame({"customer_id": ["a", "b"], "day": [10, 10], "net": [5.0, 5.0]})
    sent = pd.DataFrame({"customer_id": ["a", "b"], "sent_at": pd.to_datetime(["2025-01-09", "2025-01-01"])})
    table = jl.customers.segments(shop_from(frame, contacts=sent), by="trigger").table()
    assert dict(zip(table["segment"], table["n"], strict=True)) == {"message": 1, "by itself": 1}


def segments_of(shop, by, **options):
    table = jl.customers.segments(shop, by=by, **options).table()
    return dict(zip(table["segment"], table["n"], strict=True))


def test_a_message_after_the_order_does_not_trigger_it():
    frame = pd.DataFrame({"customer_id": ["a", "b", "c"], "day": [10, 10, 10], "net": 5.0})
    at = pd.to_datetime(
        ["2025-01-11 22:00", "2025-01-08 00:00", "2025-01-07 23:59"]
    )  # the orders are at 11 January 0:00
    shop = shop_from(frame, contacts=pd.DataFrame({"customer_id": ["a", "b", "c"], "sent_at": at}))
    assert segments_of(shop, "trigger") == {"message": 1, "by itself": 2}


def test_messages_are_set_against_moments_drawn_at_random():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"customer_id": [f"c{i % 80}" for i in range(2000)], "day": rng.integers(0, 300, 2000)})
    start = pd.Timestamp("2025-01-01 12:00")
    often = [(f"c{i}", start + pd.Timedelta(days=gap * week)) for i in range(80) for gap in (2 + i % 9,)
             for week in range(300 // gap)]  # fmt: skip
    # two messages of one hour do not count twice
    sent = pd.DataFrame(
        often + [(who, at + pd.Timedelta(hours=1)) for who, at in often], columns=["customer_id", "sent_at"]
    )
    shop = shop_from(frame.assign(net=10.0), contacts=sent)
    found = triggers.after_messages(shop, shop.period[1])
    assert found.of == 2000
    assert found.n / found.of == pytest.approx(found.expected, abs=3 * np.sqrt(0.25 / 2000))
    said = jl.customers.segments(shop, by="trigger").caveats
    assert any("at moments drawn at random" in text for text in said)


def test_a_customers_country_is_that_of_most_orders_up_to_the_day():
    frame = pd.DataFrame({"customer_id": ["a"] * 12 + ["b"] * 2, "day": [*range(12), 0, 1], "net": 10.0,
                          "country": ["DE"] * 4 + ["US"] + ["FR"] * 7 + ["US", "DE"]})  # fmt: skip
    shop = shop_from(frame)
    assert segments_of(shop, "country") == {"DE": 1, "FR": 1}
    assert segments_of(shop, "country", as_of="2025-01-05") == {"DE": 2}


def test_a_year_of_birth_that_cannot_be_is_not_an_age():
    people = pd.DataFrame({"customer_id": ["a", "b", "c"], "birth_year": [2990, 1800, 1990]})
    shop = shop_from(pd.DataFrame({"customer_id": ["a", "b", "c"], "day": 1, "net": 5.0}), customers=people)
    assert segments_of(shop, "age") == {"35 to 44": 1, "not known": 2}


@pytest.mark.parametrize(("rush", "season"), [(0, 0), (60, 31)])
def test_a_season_is_a_month_that_stands_out_of_a_whole_year(rush, season):
    steady = pd.DataFrame({"customer_id": [f"c{d}" for d in range(420)], "day": range(420), "net": 5.0})
    more = pd.DataFrame({"customer_id": "c340", "day": 340, "net": [5.0] * rush})
    sent = pd.DataFrame({"customer_id": ["nobody"], "sent_at": pd.to_datetime(["2025-01-01"])})
    shop = shop_from(pd.concat([steady, more], ignore_index=True), contacts=sent)
    table = jl.customers.segments(shop, by="trigger").table().set_index("segment")["n"]
    assert table.get("season", 0) == season, "all 31 who bought in December 2025, or nobody"
    assert table.sum() == 420


def test_a_persona_becomes_a_column_of_the_customers(planted, personas):
    shop = planted.with_trait("persona", personas.assignments.select("customer_id", persona="name"))
    rows = shop.run(shop.table("customers"))
    assert dict(rows["persona"].value_counts()) == dict(zip(personas.cards["name"], personas.cards["n"], strict=True))
    assert shop.fingerprint != planted.fingerprint
    assert shop.between("2025-03-01", "2025-04-01").fingerprint.startswith(shop.fingerprint)
    with pytest.raises(jl.BadParameter, match="lacks name"):
        planted.with_trait("name", personas.assignments.drop("name"))


def test_a_trait_joins_the_list_of_customers_and_adds_who_is_missing():
    shop = crowd_with_traits()
    scored = jl.customers.rfm(shop).roster.rows.select("customer_id", "r")
    rows = shop.with_trait("r", scored).run(shop.with_trait("r", scored).table("customers"))
    assert len(rows) == rows["customer_id"].nunique() == 90
    assert rows["r"].notna().sum() == 90
    assert rows["birth_year"].notna().sum() == 80


def test_what_the_team_wrote_is_kept_with_the_data_and_changes_no_figure(tmp_path, planted):
    edited = planted.with_edit("personas", {"Tea": {"name": "Ina", "goals": "a quiet morning"}})
    assert edited.fingerprint == planted.fingerprint
    again = lab_file.open(lab_file.save(edited, tmp_path / "shop.zip"))
    assert dict(again.edits) == dict(edited.edits)
    assert dict(again.with_edit("personas", None).edits) == {}
    again.close()
