import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.growth import measures
from tests.growth.shops import frames_shop, simulated, small


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A test that works for mobile visitors alone: 10 % to 20 % there, 10 % elsewhere."""
    rng = np.random.default_rng(53)
    frames = simulated(seed=50, units=100)
    n = 9000
    device = rng.choice(["mobile", "desktop", "tablet"], n, p=[0.4, 0.4, 0.2])
    variant = rng.choice(["A", "B"], n)
    rate = np.where((device == "mobile") & (variant == "B"), 0.2, 0.1)
    ids = [f"w{i}" for i in range(n)]
    at = pd.Timestamp("2026-03-02") + pd.to_timedelta(np.arange(n) % 14, unit="D")
    tested = pd.DataFrame(
        {"experiment": "mob", "unit": "visitor", "unit_id": ids, "variant": variant, "exposed_at": at}
    )
    events = pd.DataFrame({"visitor_id": ids, "occurred_at": at, "event": "view", "order_id": None, "device": device})
    events["day"] = events["occurred_at"].dt.date
    measured = pd.DataFrame(
        {
            "experiment": "mob",
            "unit_id": ids,
            "converted": rng.random(n) < rate,
            "plan": np.where(device == "mobile", "x", "y"),
        }
    )
    frames = {"exposures": tested, "events": events, "outcomes": measured, "orders": frames["orders"]}
    return frames, frames_shop(tmp_path_factory.mktemp("planted"), frames)


def test_the_segment_it_works_for_is_found(planted):
    _, shop = planted
    result = jl.growth.experiment_segments(shop, by="device")
    rows = result.table().set_index("segment")
    assert result.differ < 0.001
    assert rows.loc["mobile", "lower"] <= 0.1 <= rows.loc["mobile", "upper"]
    assert rows.loc["mobile", "pooled_lower"] > 0
    assert "most clearly for mobile" in result.headline()


def test_segments_agree_with_pandas_and_add_up(planted):
    frames, shop = planted
    rows = jl.growth.experiment_segments(shop, by="device").table().set_index("segment")
    joined = (
        frames["exposures"]
        .merge(frames["outcomes"], on="unit_id")
        .merge(frames["events"], left_on="unit_id", right_on="visitor_id")
    )
    for (device, variant), part in joined.groupby(["device", "variant"]):
        assert rows.loc[device, "n" if variant == "B" else "n_control"] == len(part)
        assert rows.loc[device, "value" if variant == "B" else "value_control"] == pytest.approx(
            part["converted"].mean()
        )
    whole = jl.growth.experiment(shop).table().iloc[0]
    assert rows[["n_control", "n"]].sum().tolist() == whole[["n_control", "n"]].tolist()


def test_a_text_column_of_the_outcomes_is_a_segment_too(planted):
    _, shop = planted
    rows = jl.growth.experiment_segments(shop, by="plan").table()
    assert set(rows["segment"]) == {"x", "y"}


def test_where_all_segments_are_alike_nothing_is_claimed():
    rng = np.random.default_rng(51)
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(4000)]
    measured = [(f"u{i}", int(rng.random() < 0.2), f"s{i // 2 % 16}") for i in range(4000)]
    result = jl.growth.experiment_segments(small(exposed, measured, ["converted", "part"]), by="part")
    assert result.headline().startswith("No sign that B works differently")
    rows = result.table()
    assert rows["pooled"].abs().max() < rows["effect"].abs().max()
    assert (rows["pvalue_adjusted"] >= rows["pvalue"]).all()
    assert any("winner's curse" in c for c in result.caveats)


def test_a_broken_split_is_refused_by_segment_too_unless_it_was_planned():
    exposed = [(f"u{i}", "B" if i % 3 == 0 else "A", 0) for i in range(3000)]
    measured = [(f"u{i}", i % 5 == 0, f"s{i % 2}") for i in range(3000)]
    shop = small(exposed, measured, ["converted", "part"])
    assert jl.growth.experiment_segments(shop, by="part").headline().startswith("No verdict: the split is broken")
    assert jl.growth.experiment_segments(shop, by="part", split={"A": 2, "B": 1}).fit


def test_units_that_saw_several_variants_forbid_a_verdict_by_segment_too():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(2000)] + [(f"u{i}", "BA"[i % 2], 1) for i in range(40)]
    measured = [(f"u{i}", i % 5 == 0, f"s{i // 2 % 2}") for i in range(2000)]
    result = jl.growth.experiment_segments(small(exposed, measured, ["converted", "part"]), by="part")
    assert result.headline().startswith("No verdict: 40 of 2,000 units")
    few = small(exposed[:2005], measured, ["converted", "part"])
    result = jl.growth.experiment_segments(few, by="part")
    assert result.fit
    assert result.caveats[0].startswith("5 of 2,000 units")


def test_small_segments_are_left_out_and_counted():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(420)]
    measured = [(f"u{i}", i % 3 == 0, "big" if i < 400 else "small") for i in range(420)]
    result = jl.growth.experiment_segments(small(exposed, measured, ["converted", "part"]), by="part")
    assert result.table()["segment"].tolist() == ["big"]
    assert result.left_out == 20
    with pytest.raises(jl.NotEnoughData):
        jl.growth.experiment_segments(small(exposed[:40], measured[:40], ["converted", "part"]), by="part")


def test_beyond_fifty_segments_the_smallest_are_read_together():
    exposed = [(f"u{i}", "AB"[i % 2], 0) for i in range(8000)]
    parts = ["big" if i < 4000 else f"s{i // 2 % 1000}" for i in range(8000)]
    measured = [(f"u{i}", i % 3 == 0, parts[i]) for i in range(8000)]
    shop = small(exposed, measured, ["converted", "part"])
    result = jl.growth.experiment_segments(shop, by="part")
    rows = result.table().set_index("segment")
    assert set(rows.index) == {"big", "all others"}
    assert rows[["n_control", "n"]].sum().sum() + result.left_out == 8000
    assert rows.loc["all others", ["n_control", "n"]].sum() == 8000 - 4000 - 48 * 4
    assert any("all but the 49 largest" in c for c in result.caveats)


def test_traits_of_customers_are_segments_of_customers(tmp_path):
    frames = simulated(seed=52, units=2000)
    ids = frames["exposures"]["unit_id"]
    customers = pd.DataFrame(
        {"customer_id": ids, "persona": np.where(np.arange(len(ids)) % 3 == 0, "regulars", "hunters")}
    )
    shop = frames_shop(
        tmp_path,
        {"exposures": frames["exposures"].assign(unit="customer"), "orders": frames["orders"], "customers": customers},
    )
    rows = jl.growth.experiment_segments(shop, by="persona", metric="conversion").table()
    assert set(rows["segment"]) == {"regulars", "hunters"}
    assert rows[["n_control", "n"]].sum().sum() == 2000


def visitors_known(folder, *, later=True):
    """A test on 8,000 visitors that works for regulars alone (10 % to 30 %), of whom half logged in the day before.

    With `later`, whoever converts is known from then on.
    """
    rng = np.random.default_rng(55)
    n = 8000
    ids, at = np.array([f"v{i}" for i in range(n)]), pd.Timestamp("2026-03-02")
    known, persona = np.arange(n) % 4 < 2, np.where(np.arange(n) % 2 == 0, "regulars", "hunters")
    variant = rng.choice(["A", "B"], n)
    won = rng.random(n) < np.where(known & (persona == "regulars") & (variant == "B"), 0.3, 0.1)
    tested = {"experiment": "fee", "unit": "visitor", "unit_id": ids, "variant": variant, "exposed_at": at}
    view = pd.DataFrame({"visitor_id": ids, "customer_id": None, "occurred_at": at, "event": "view"})
    login = view[known].assign(customer_id=[f"c{i[1:]}" for i in ids[known]], occurred_at=at - pd.Timedelta(days=1))
    after = view[won].assign(customer_id=[f"c{i[1:]}" for i in ids[won]], occurred_at=at + pd.Timedelta(hours=1))
    # a login at the very moment of the exposure does not come before it
    same = view[:4].assign(customer_id=["c0", "c1", "c2", "c3"])
    events = pd.concat([view, login, same, *([after] if later else [])], ignore_index=True)
    events["day"] = events["occurred_at"].dt.date
    frames = {
        "exposures": pd.DataFrame(tested),
        "events": events,
        "customers": pd.DataFrame({"customer_id": [f"c{i}" for i in range(n)], "persona": persona}),
        "outcomes": pd.DataFrame({"experiment": "fee", "unit_id": ids, "converted": won}),
    }
    return frames_shop(folder, frames), variant, won, known, persona


def test_visitors_are_split_by_the_persona_they_were_known_by_before_and_the_planted_effect_is_found(tmp_path):
    shop, variant, won, known, persona = visitors_known(tmp_path)
    result = jl.growth.experiment_segments(shop, by="customers.persona")
    rows = result.table().set_index("segment")
    part = np.where(known, persona, "not known before")
    assert set(rows.index) == {"regulars", "hunters", "not known before"}
    for segment in rows.index:
        for name, which in (("n_control", "A"), ("n", "B")):
            mine = (part == segment) & (variant == which)
            assert rows.loc[segment, name] == mine.sum()
            assert rows.loc[segment, name.replace("n", "value", 1)] == pytest.approx(won[mine].mean())
    assert rows.loc["regulars", "lower"] <= 0.2 <= rows.loc["regulars", "upper"]
    assert rows.loc["not known before", "lower"] <= 0 <= rows.loc["not known before", "upper"]
    assert "converted by persona most clearly for regulars" in result.headline()
    assert any(said.startswith("'not known before' are visitors") for said in result.caveats)
    assert any("persona rests on all orders" in said for said in result.caveats)


def test_who_becomes_known_by_converting_changes_no_segment(tmp_path):
    found = []
    for later in (True, False):
        folder = tmp_path / str(later)
        folder.mkdir()
        shop = visitors_known(folder, later=later)[0]
        found.append(jl.growth.experiment_segments(shop, by="customers.persona").table())
    pd.testing.assert_frame_equal(*found)


def test_of_several_customers_on_a_browser_the_first_before_the_exposure_counts_by_login_or_order(tmp_path):
    at = pd.Timestamp("2026-03-02")
    hours = {"a": [(-3, "ann", None), (-1, "bob", None)], "b": [(-2, None, "o1"), (1, "ann", None)]}
    hours |= {"c": [(1, "ann", None)], "d": [(-1, "eve", None)]}
    told = [(who, at + pd.Timedelta(hours=h), c, o) for who, rows in hours.items() for h, c, o in rows]
    events = pd.DataFrame(told, columns=["visitor_id", "occurred_at", "customer_id", "order_id"]).assign(event="view")
    events["day"] = events["occurred_at"].dt.date
    orders = pd.DataFrame({"order_id": ["o1"], "customer_id": ["bob"], "ordered_at": at, "day": at.date()})
    exposures = pd.DataFrame({"unit_id": list("abcd"), "variant": "A", "exposed_at": at})
    people = pd.DataFrame({"customer_id": ["ann", "bob"], "told": ["x", "y"]})
    shop = frames_shop(
        tmp_path,
        {
            "exposures": exposures.assign(experiment="fee", unit="visitor"),
            "events": events,
            "orders": orders.assign(status="completed", net=1.0),
            "customers": people,
        },
    )
    source = measures.find(shop, None, "orders")
    assert "customers.told" in measures.segment_columns(shop, source)
    units = shop.run(measures.units(shop, source, ["orders"], window=None, by="customers.told"))
    assert units.set_index("unit_id")["part"].to_dict() == {
        "a": "x",
        "b": "y",
        "c": "not known before",
        "d": "not known",
    }


def test_traits_seen_at_one_instant_are_read_alike_in_any_order_of_rows(tmp_path):
    frames = simulated(seed=54, units=400)
    events = pd.concat([frames["events"].assign(device=d) for d in ("mobile", "desktop", "tablet")], ignore_index=True)
    found = []
    for name, ascending in (("up", True), ("down", False)):
        folder = tmp_path / name
        folder.mkdir()
        shop = frames_shop(folder, {**frames, "events": events.sort_values("device", ascending=ascending)})
        source = measures.find(shop, None, "orders")
        units = shop.run(measures.units(shop, source, ["orders"], window=None, by="device"))
        found.append(set(units["part"]))
    assert found == [{"desktop"}, {"desktop"}]


def test_what_the_units_cannot_be_split_by_is_refused(planted):
    _, shop = planted
    with pytest.raises(jl.BadParameter, match="cannot be split by 'age'"):
        jl.growth.experiment_segments(shop, by="age")
    with pytest.raises(jl.BadParameter, match="segment"):
        jl.growth.experiment_segments(shop, by="device", metric="median of converted")


def test_it_draws_and_its_call_runs_again(planted):
    _, shop = planted
    result = jl.growth.experiment_segments(shop, by="device", metric="converted")
    assert result.chart().to_dict()["$schema"]
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), scope)
    pd.testing.assert_frame_equal(scope["experiment_segments"].table(), result.table())
