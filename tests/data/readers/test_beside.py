"""Events are read beside the other files: the shop is the same as one after another, and what fails leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data import readers
from journeylab.data.readers import desk, sources
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from journeylab.data.dataset import Dataset

KEY = b"the same for both"
FILES = {
    "clicks.csv": "visitor,event,time\nv1,view,2026-03-01 10:00\nv1,cart,soon\nv2,view,2026-03-02 11:00\n",
    "more clicks.csv": "visitor,event,time\nv2,view,2026-03-02 11:00\nv3,view,2026-03-03 12:00\n",
    "customers.csv": "customer_id,acquired_at,country\nc1,2026-01-01,DE\nc1,2026-01-02,AT\nc2,2026-01-03,FR\n",
    "orders.csv": "order_id,customer_id,ordered_at,net\no1,c1,2026-03-01,20.00\no2,c2,2026-03-02,30.00\n",
}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in FILES]


def rows(shop: Dataset) -> dict[str, pd.DataFrame]:
    found = {name: shop.run(table) for name, table in shop.tables.items()}
    return {name: part.sort_values(list(part.columns), ignore_index=True) for name, part in found.items()}


def test_the_shop_is_the_same_as_read_one_after_another(paths: list[Path], monkeypatch: pytest.MonkeyPatch):
    beside: list[desk.Desk] = []
    taken = desk.Desk.beside

    def counted(self: desk.Desk) -> desk.Desk:
        beside.append(self)
        return taken(self)

    monkeypatch.setattr(desk.Desk, "beside", counted)
    one = jl.read(*paths, key=KEY)
    assert len(beside) == 1
    monkeypatch.setattr(sources, "of_events", lambda _reader: False)
    other = jl.read(*paths, key=KEY)
    assert len(beside) == 1
    assert (one.fingerprint, one.ledgers, one.observed) == (other.fingerprint, other.ledgers, other.observed)
    assert rows(one).keys() == rows(other).keys()
    for name, part in rows(one).items():
        pd.testing.assert_frame_equal(part, rows(other)[name])


@pytest.mark.parametrize("broken", ["clicks.csv", "orders.csv"])
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_left(paths: list[Path], tmp_path: Path, broken: str):
    header = FILES[broken].partition("\n")[0]
    (tmp_path / broken).write_text(header + "\n")
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(SchemaError, match=broken):
        jl.read(*paths, root=root)
    assert not list(root.iterdir())


def test_who_stops_stops_the_reading_of_events_too(paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stopped: list[type] = []

    class Endless:
        TITLE, VERSION = "Events", 1

        def read(self, _raws: object, own: desk.Desk) -> None:
            try:
                while True:
                    own.sql("SELECT count(*) FROM range(100_000)")
            except duckdb.InterruptException as error:
                stopped.append(type(error))
                raise

    def share_out(raws: list[object], *_mappings: object) -> tuple[list[tuple[object, list[object]]], list[object]]:
        return [(Endless(), raws[:1]), (sources.plain_events, raws[1:])], []

    monkeypatch.setattr(readers.sources, "share_out", share_out)
    monkeypatch.setattr(readers.sources, "of_events", lambda reader: isinstance(reader, Endless))

    def stop(_share: float, words: str) -> None:
        if words == "Reading Events":
            raise KeyboardInterrupt

    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(KeyboardInterrupt):
        jl.read(*paths[:2], root=root, progress=stop)
    assert stopped == [duckdb.InterruptException]
    assert not list(root.iterdir())
