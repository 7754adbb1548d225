"""Ways through the shop: by hand, in equals out, and equal to the funnel where they overlap."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from tests.journey.test_funnel import shop_with

LOG = [
    ("v", 0, "home"), ("v", 1, "cart"), ("v", 2, "buy"),
    ("w", 0, "home"), ("w", 1, "home"), ("w", 2, "cart"),
    ("u", 0, "cart"),
]  # fmt: skip


def random_log(seed, names="abcde"):
    """No two events of a visitor at one instant, so that every order of ties is the same."""
    rng = random.Random(seed)
    return [
        (f"v{v}", minute, rng.choice(names), rng.choice(["mobile", "desktop"]))
        for v in range(60)
        for minute in rng.sample(range(100), rng.randrange(1, 9))
    ]


def pair(result, source, target):
    rows = result.transitions
    return rows[(rows["source"] == source) & (rows["target"] == target)].iloc[0]


def test_transitions_are_what_one_counts_by_hand():
    result = jl.journey.paths(shop_with(LOG))
    assert pair(result, "home", "cart")[["n", "of", "units", "of_units"]].tolist() == [2, 3, 2, 2]
    assert pair(result, "entry", "home")[["n", "of"]].tolist() == [2, 3]
    assert pair(result, "cart", "exit")[["n", "of"]].tolist() == [2, 3]
    assert result.proof() == "3 visitors begin, 4 transitions, 3 end: every node's in equals its out."


def test_runs_of_one_event_count_once_if_asked():
    result = jl.journey.paths(shop_with(LOG), repeats=False)
    assert not ((result.transitions["source"] == "home") & (result.transitions["target"] == "home")).any()


def test_from_a_start_everything_before_it_is_left_out():
    result = jl.journey.paths(shop_with(LOG), start="cart", depth=2)
    assert result.entrants() == 3
    assert result.flows.loc[result.flows["layer"] == 0, ["target", "n"]].values.tolist() == [["buy", 1], ["exit", 2]]


def test_to_an_end_steps_count_backwards_and_those_who_had_not_come_are_entry():
    result = jl.journey.paths(shop_with(LOG), end="cart", depth=3)
    cells = result.cells.set_index(["step", "node"])["n"]
    assert cells[0, "cart"] == 3
    assert cells[-1, "home"] == 2
    assert cells[-1, "entry"] == 1
    assert cells[-3, "entry"] == 3


@pytest.mark.parametrize(
    "options", [{}, {"start": "a"}, {"end": "b"}, {"most": 2}, {"repeats": False}, {"unit": "session", "gap": "10m"}]
)
@pytest.mark.parametrize("seed", range(3))
def test_every_view_adds_up_to_the_same_entrants(seed, options):
    result = jl.journey.paths(shop_with(random_log(seed)), depth=4, **options)
    assert result.proof().endswith("every node's in equals its out.")
    assert set(result.flows.groupby("layer")["n"].sum()) == {result.entrants()}
    assert set(result.cells["of"]) == {result.entrants()}
    middle = result.flows.groupby(["layer", "target"])["n"].sum().drop(3, level="layer")
    onward = result.flows.groupby(["layer", "source"])["n"].sum().drop(0, level="layer")
    assert middle.tolist() == onward.tolist()


@pytest.mark.parametrize("view", ["sankey", "graph", "steps"])
def test_of_two_groups_every_view_proves_that_in_equals_out_for_each(view):
    shop = shop_with(random_log(5))
    result = jl.journey.paths(shop, by="device", groups=["mobile", "desktop"])
    spec = str(result.chart(view).to_dict())
    for group in result.groups if view != "steps" else (None,):
        assert result.proof(group).endswith("every node's in equals its out.")
        assert result.proof(group) in spec.replace('"', "").replace("\\", "")
    assert result.proof("mobile").startswith(f"{result.entrants('mobile')} visitors begin")
    moves = result.transitions
    wrong = moves["n"] + ((moves["group"] == "mobile") & (moves["source"] == "entry"))
    broken = replace(result, transitions=moves.assign(n=wrong))
    assert broken.proof("mobile").endswith("in and out differ.")
    assert broken.proof("desktop").endswith("every node's in equals its out.")


@pytest.mark.parametrize("seed", range(6))
def test_a_transition_is_the_strict_funnel_of_its_two_events(seed):
    shop = shop_with(random_log(seed, "abc"))
    ways = jl.journey.paths(shop)
    for source, target in (("a", "b"), ("b", "c"), ("c", "c")):
        rows = jl.journey.funnel(shop, steps=[source, target], order="strict", window=None).table()
        assert rows["n"].tolist() == [pair(ways, source, target)["of_units"], pair(ways, source, target)["units"]]


@pytest.mark.parametrize("seed", range(2))
def test_ways_equal_the_strict_funnel_by_visit_by_group_and_from_a_start(seed):
    shop = shop_with([(v, m, e, "mobile" if int(v[1:]) % 3 else "desktop") for v, m, e, _d in random_log(seed, "abc")])
    visits = jl.journey.paths(shop, unit="session", gap="10m")
    groups = jl.journey.paths(shop, by="device", groups=["mobile", "desktop"])
    for source, target in (("a", "b"), ("c", "c")):
        strict = {"steps": [source, target], "order": "strict", "window": None}
        rows = jl.journey.funnel(shop, unit="session", gap="10m", **strict).table()
        assert rows["n"].tolist() == [pair(visits, source, target)["of_units"], pair(visits, source, target)["units"]]
        rows = jl.journey.funnel(shop, by="device", **strict).table()
        for group in groups.groups:
            moves = groups.transitions[groups.transitions["group"] == group].set_index(["source", "target"])
            assert rows.loc[rows["group"] == group, "n"].tolist() == [
                moves.loc[(source, target), "of_units"],
                moves.loc[(source, target), "units"],
            ]
        entrants = jl.journey.funnel(shop, steps=[source, target]).table()["n"].iloc[0]
        assert jl.journey.paths(shop, start=source).entrants() == entrants


def test_ways_over_pages_equal_the_strict_funnel_of_pages():
    rows = ", ".join(f"('{v}', {m}, '/{e}')" for v, m, e, _d in random_log(7, "abc"))
    shop = shop_of(
        {
            "events": f"""SELECT v AS visitor_id, TIMESTAMP '2026-01-01' + to_minutes(m) AS occurred_at,
                DATE '2026-01-01' AS day, 'view' AS event, p AS page FROM (VALUES {rows}) t(v, m, p)"""
        }
    )
    ways = jl.journey.paths(shop, of="page")
    for source, target in (("/a", "/b"), ("/c", "/c")):
        told = jl.journey.funnel(shop, steps=[{"page": source}, {"page": target}], order="strict", window=None).table()
        assert told["n"].tolist() == [pair(ways, source, target)["of_units"], pair(ways, source, target)["units"]]


def test_rare_events_become_other_and_names_like_ours_are_kept_apart():
    log = [(f"v{i}", 0, f"page {i}") for i in range(20)] + [(f"v{i}", 1, "exit") for i in range(20)]
    result = jl.journey.paths(shop_with(log), most=1)
    assert result.nodes == ("event exit", "other")
    assert pair(result, "other", "event exit")["n"] == 20
    assert any("20 rarer ones are 'other'" in line for line in result.caveats)


def test_shuffled_rows_change_nothing():
    log = [*random_log(9), ("t", 5, "a"), ("t", 5, "b"), ("t", 5, "c")]
    one = jl.journey.paths(shop_with(log)).table()
    random.Random(0).shuffle(log)
    assert one.equals(jl.journey.paths(shop_with(log)).table())


def test_two_groups_are_compared_and_a_planted_difference_is_found():
    rng = random.Random(4)
    log = []
    for i in range(400):
        device = "mobile" if i % 2 else "desktop"
        log += [(f"v{i}", 0, "cart", device)]
        log += [(f"v{i}", 1, "buy" if rng.random() < (0.2 if device == "mobile" else 0.7) else "home", device)]
    result = jl.journey.paths(shop_with(log), by="device", groups=["mobile", "desktop"])
    assert result.headline().startswith("mobile goes from cart to")
    assert (
        result.transitions.query("group == 'mobile' and source == 'cart' and target == 'buy'")[
            "difference_upper"
        ].item()
        < 0
    )
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


@pytest.mark.parametrize(
    "options", [{"start": "a", "end": "b"}, {"by": "device"}, {"groups": ["a", "b"]}, {"of": "page"}, {"depth": 0}]
)
def test_options_that_contradict_each_other_are_refused(options):
    with pytest.raises(jl.BadParameter):
        jl.journey.paths(shop_with(LOG), **options)


def test_a_start_nobody_does_is_said():
    with pytest.raises(jl.NotEnoughData, match="Nobody does nothing"):
        jl.journey.paths(shop_with(LOG), start="nothing")


def test_the_simulated_shop_adds_up_and_every_view_draws(simple_shop):
    result = jl.journey.paths(simple_shop, start="catalog")
    assert result.entrants() == 3611
    for view in result.views:
        assert len(str(result.chart(view).to_dict())) > 1000
