from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import clusters, feature_parts, features, lots, one_kind, persona_figures, scaling, structure
from journeylab.customers.feature_parts import plain
from journeylab.customers.one_kind import OneKind
from journeylab.data.coverage import orders_end
from tests.customers.crowds import kinds, one_kind_in_full, with_lapses
from tests.customers.crowds import one_kind as crowd_of_one_kind

#: By crowd, features that are made of orders, and so fall apart by their number.
SETS = {
    crowd_of_one_kind: (
        ("recency_days", "frequency", "tenure_days"),
        ("recency_days", "monetary", "tenure_days"),
        ("frequency", "gap_days", "gap_spread"),
        ("frequency", "monetary", "gap_days"),
        ("recency_days", "frequency", "monetary", "order_value", "tenure_days", "gap_days", "gap_spread"),
    ),
    one_kind_in_full: (
        ("frequency", "order_value", "feedback"),
        ("frequency", "discount_share"),
        ("monetary", "categories", "devices"),
        tuple(feature.name for feature in features.CATALOGUE),
    ),
    with_lapses: (("recency_days", "frequency", "monetary"), ("recency_days", "monetary", "tenure_days")),
}


def taken_apart(shop, sets, seed=1):
    """Return scales, sample and parts for each set of features, as `persona_count` has them."""
    on = persona_figures.ground(shop, orders_end(shop))
    sample = shop.run(lots.sample(on.people, 4000, seed, "personas"))
    for names in sets:
        scales, _alike = scaling.fit([c for c in on.columns if c.feature in names], sample)
        yield scales, sample, feature_parts.take(scales, sample)


def stands_out(shop, sets, seed):
    """Say for each set of features whether some number of groups reaches the limit."""
    return [reaches(scaling.matrix(scales, sample), parts, seed) for scales, sample, parts in taken_apart(shop, sets)]


def reaches(data, parts, seed):
    """Say whether some number of groups reaches the limit; one of the two references alone may rule it out."""
    found = structure.separations(structure.standardised(data))
    z = np.full(len(structure.COUNTS), np.inf)
    for flat in (False, True):
        mean, spread = structure.against(parts, seed, flat=flat)
        z = np.minimum(z, (found - mean) / spread)
        if z.max() < structure.LEAST_Z:
            return False
    return True


def test_customers_of_one_kind_do_not_stand_out_whichever_features_are_chosen():
    with clusters.one_thread():
        found = {
            (crowd.__name__, seed): stands_out(crowd(seed, 500), sets, seed)
            for crowd, sets in SETS.items()
            for seed in (1000, 1001)
        }
    assert sum(map(sum, found.values())) <= 1, found


def test_days_between_orders_do_not_make_groups_of_the_number_of_orders():
    shop = crowd_of_one_kind(1002, customers=500)
    found = jl.customers.persona_count(shop, features=["frequency", "gap_days", "gap_spread"])
    assert found.suggested is None


def test_planted_kinds_stand_out_by_features_made_of_orders():
    shop, _truth = kinds(11)
    with clusters.one_thread():
        assert stands_out(shop, [("frequency", "monetary"), ("frequency", "monetary", "gap_days")], 1) == [True, True]


def test_drawn_customers_lack_what_the_shops_lack_and_keep_what_features_have_in_common():
    shop = one_kind_in_full(5, 500)
    ((scales, sample, parts),) = taken_apart(shop, [features.available(shop)])
    rng = np.random.default_rng(1)
    crowd = OneKind(parts, rng, flat=False)
    made = pd.concat(parts.made(crowd.parts(500, rng), rng) for _ in range(4))
    for name in ("gap_days", "gap_spread", "feedback"):
        assert made[name].isna().mean() == pytest.approx(sample[name].isna().mean(), abs=1e-9)
    assert (made["gap_days"].isna() == (made["frequency"] == 1)).all()
    once = made[made["frequency"] == 1]
    assert (once["recency_days"] == once["tenure_days"]).all()
    assert (made["recency_days"] <= made["tenure_days"]).all()
    assert made["monetary"].to_numpy() == pytest.approx((made["frequency"] * made["order_value"]).to_numpy())
    for number in (1, 2, 3):
        rate = (sample["frequency"] == number).mean()
        assert (made["frequency"] == number).mean() == pytest.approx(rate, abs=0.03)
    shares = [scale.column.parts for scale in scales if scale.column.kind == "share"]
    for x, n in shares:
        assert (made[x] <= made[n]).all()
        assert made[x].sum() / made[n].sum() == pytest.approx(sample[x].sum() / sample[n].sum(), abs=0.05)


def test_the_least_bandwidth_leaves_one_mode_and_grows_with_the_gap():
    rng = np.random.default_rng(7)
    near, far = (np.sort(np.concatenate([rng.normal(0, 1, 500), rng.normal(d, 1, 500)])) for d in (3, 8))
    assert one_kind.least_bandwidth(near) < one_kind.least_bandwidth(far)


def test_drawn_customers_keep_the_rank_correlation():
    rng = np.random.default_rng(8)
    data = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 2000)
    drawn = OneKind(plain(data), rng, flat=False).draw(2000, rng)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.7, abs=0.06)
