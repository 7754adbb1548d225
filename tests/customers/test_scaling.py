from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeylab.customers import features, lots, scaling
from tests.customers.crowds import kinds, one_kind


def test_the_engine_scales_as_python_does():
    shop, _truth = kinds(1, each=40)
    names = features.available(shop)
    space, columns = features.build(shop, names, shop.period[1])
    sample = shop.run(space.order_by("customer_id"))
    scales, _alike = scaling.fit(columns, sample)
    scaled = space.select("customer_id", **{f"z{i}": s.value(space) for i, s in enumerate(scales)})
    rows = shop.run(scaled.order_by("customer_id")).drop(columns="customer_id")
    assert rows.to_numpy() == pytest.approx(scaling.matrix(scales, sample), abs=1e-9)


def test_no_customer_lies_further_out_than_the_limit():
    shop = one_kind(2)
    space, columns = features.build(shop, ["monetary", "frequency"], shop.period[1])
    sample = shop.run(space)
    sample.loc[0, "monetary"] = 1e12
    scales, _alike = scaling.fit(columns, sample)
    assert np.abs(scaling.matrix(scales, sample)).max() == scaling.FARTHEST


def test_the_prior_of_a_share_is_found_again():
    rng = np.random.default_rng(3)
    n = rng.integers(2, 12, 20_000).astype(float)
    x = rng.binomial(n.astype(int), rng.beta(0.6, 1.4, len(n))).astype(float)
    alpha, pi = scaling.beta_prior(x, n)
    assert alpha == pytest.approx(2.0, rel=0.08)
    assert pi == pytest.approx(0.3, abs=0.01)


def test_shares_that_differ_no_more_than_chance_are_left_out():
    rng = np.random.default_rng(4)
    n = rng.integers(1, 6, 3000).astype(float)
    x = rng.binomial(n.astype(int), 0.4).astype(float)
    column = features.Column("s", "s", "a share", "share", "more", "less")
    _scales, alike = scaling.fit([column], pd.DataFrame({"s_x": x, "s_n": n}))
    assert alike == (column,)


def test_lots_depend_on_seed_and_purpose_and_are_close_to_the_share():
    shop = one_kind(5, customers=2000)
    orders = shop.table("orders")
    people = orders.select("customer_id").distinct()

    def drawn(seed, purpose):
        rows = people.filter(lots.drawn(people.customer_id, 0.3, seed, purpose))
        return set(shop.run(rows)["customer_id"])

    first = drawn(1, "audience")
    assert first == drawn(1, "audience")
    assert len(first) == pytest.approx(600, abs=80)
    assert len(first & drawn(2, "audience")) == pytest.approx(180, abs=50)
    assert len(first & drawn(1, "sample")) == pytest.approx(180, abs=50)


def test_a_lot_is_the_md5_that_anyone_can_compute():
    import hashlib

    shop = one_kind(6, customers=60)
    people = shop.table("orders").select("customer_id").distinct()
    rows = shop.run(people.mutate(lot=lots.lot(people.customer_id, 7, "audience")))
    for customer, lot in rows.itertuples(index=False):
        assert lot == hashlib.md5(f"{customer}|audience|7".encode()).hexdigest()
