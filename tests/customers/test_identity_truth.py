"""Who is which visitor, as the simulator of the demo store knows it: joins are right, none that can be is missed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.demo import Plan, Store, simulate, write
from journeylab.data.identity import browsers

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

KEY = b"k" * 16


class Planted(NamedTuple):
    """A simulated store, the shop that was read from its exports, and the customer behind each browser (NaN: none)."""

    store: Store
    shop: Dataset
    owner: pd.Series


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    store = simulate(Plan(customers=300, days=240), seed=5)
    paths = write(store, tmp_path_factory.mktemp("planted"))
    shop = jl.read(paths["events.parquet"], paths["shopify_orders.csv"], time_zone="Europe/Berlin", key=KEY)
    seen = store.visits.drop_duplicates("visitor")
    emails = store.customers["email"].to_numpy()
    names = [
        hashlib.sha256(f"{KEY.hex()}{emails[one]}".encode()).hexdigest()[:16] if one >= 0 else None
        for one in seen["customer"]
    ]
    return Planted(store, shop, pd.Series(names, index=store.visitor_names[seen["visitor"].to_numpy()]))


def joined(planted: Planted) -> pd.Series:
    """The customer each browser was joined to."""
    return planted.shop.run(browsers(planted.shop)).set_index("visitor_id")["customer"]


def test_every_joined_browser_is_that_of_its_customer(planted: Planted) -> None:
    found = joined(planted)
    assert len(found) > 250
    assert (planted.owner[found.index] == found).all()


def test_no_stranger_is_taken_for_a_customer(planted: Planted) -> None:
    strangers = planted.owner.index[planted.owner.isna()]
    assert len(strangers) > 1000
    assert not set(strangers) & set(joined(planted).index)


def test_every_browser_on_which_someone_logged_in_or_ordered_is_joined(planted: Planted) -> None:
    visits = planted.store.visits
    # An order that failed is in the events under no number, so only a login tells of it.
    told = visits[(visits["customer"] >= 0) & (visits["login"] | (visits["order"] >= 0))]
    names = set(planted.store.visitor_names[told["visitor"].unique()])
    assert set(joined(planted).index) == names


def test_the_figures_of_identity_are_the_true_counts(planted: Planted) -> None:
    rows = jl.customers.identity(planted.shop).table().set_index("statement")
    found = joined(planted)
    true = planted.owner[found.index]
    assert tuple(rows.loc["browsers joined to a customer", ["n", "of"]]) == (len(found), len(planted.owner))
    several = true.groupby(true).size()
    assert tuple(rows.loc["joined customers on several browsers", ["n", "of"]]) == ((several > 1).sum(), len(several))
    assert rows.loc["joined browsers used by several customers", "n"] == 0


def test_identified_events_name_the_true_customer_or_stay_a_browser(planted: Planted) -> None:
    found = planted.shop.identified()
    events = found.tables["events"]
    rows = found.run(events.group_by("browser_id", "visitor_id").agg(n=events.count()))
    owner = planted.owner[rows["browser_id"]].to_numpy()
    told = rows["visitor_id"].to_numpy() != rows["browser_id"].to_numpy()
    assert (rows["visitor_id"].to_numpy()[told] == owner[told]).all()
    assert not rows["browser_id"].duplicated().any()
    # what customers did on browsers that never told whose they are stays with strangers, and is the smaller part
    of_customers = pd.notna(owner)
    assert 0.6 < rows["n"][told].sum() / rows["n"][of_customers].sum() < 1
