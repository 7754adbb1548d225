"""The demo store opens at once the second time, as it was read, and only from what this user's own reading left."""

from __future__ import annotations

import tempfile
import threading
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from journeylab.data.demo import kept, opening
from journeylab.data.examples import tiny_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from journeylab.data.dataset import Dataset


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def _rows(shop: Dataset) -> dict[str, pd.DataFrame]:
    found = {name: shop.run(table) for name, table in shop.tables.items()}
    return {name: rows.sort_values(list(rows.columns), ignore_index=True) for name, rows in found.items()}


def test_what_is_kept_opens_as_it_was_read_in_a_copy_of_its_own():
    shop = tiny_shop()
    kept.keep(shop, "a")
    first, second = kept.reopen("a"), kept.reopen("a")
    assert first is not None
    assert second is not None
    first.close()
    assert (second.fingerprint, second.ledgers, second.observed) == (shop.fingerprint, shop.ledgers, shop.observed)
    assert (second.currency, second.time_zone) == (shop.currency, shop.time_zone)
    before, after = _rows(shop), _rows(second)
    assert before.keys() == after.keys()
    for name, rows in before.items():
        pd.testing.assert_frame_equal(rows, after[name])
    second.close()


def test_another_version_is_not_opened_and_goes_when_a_new_one_is_kept():
    kept.keep(tiny_shop(), "old")
    assert kept.reopen("new") is None
    kept.keep(tiny_shop(), "new")
    assert kept.reopen("old") is None
    assert kept.reopen("new") is not None


def test_the_version_changes_with_a_file(tmp_path: Path):
    path = tmp_path / "orders.csv"
    path.write_text("a")
    before = kept.version([path])
    assert kept.version([path]) == before
    path.write_text("b")
    assert kept.version([path]) != before


@pytest.mark.parametrize("name", ["shop.duckdb", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"not what it was"])
def test_what_is_damaged_is_as_if_it_were_not_there(tmp_path: Path, name: str, content: bytes):
    kept.keep(tiny_shop(), "a")
    (damaged,) = tmp_path.glob(f"journeylab-demo-*/a/{name}")
    damaged.write_bytes(content)
    assert kept.reopen("a") is None
    assert not damaged.exists()
    kept.keep(tiny_shop(), "a")
    assert kept.reopen("a") is not None


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path):
    kept.keep(tiny_shop(), "a")
    (folder,) = tmp_path.glob("journeylab-demo-*")
    folder.chmod(0o777)
    assert kept.reopen("a") is None
    kept.keep(tiny_shop(), "b")
    assert not (folder / "b").exists()


def test_nothing_is_kept_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch):
    def full(*_paths: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(kept.shutil, "copyfile", full)
    kept.keep(tiny_shop(), "a")
    assert kept.reopen("a") is None


def test_the_demo_store_is_kept_for_its_files_and_says_how_it_is_opened(monkeypatch: pytest.MonkeyPatch):
    read: list[object] = []

    def reading(*asked: object) -> Dataset:
        read.append(asked)
        return tiny_shop()

    monkeypatch.setattr(opening, "_read", reading)
    for _time in range(2):
        shop = opening.demo()
        assert shop.calls == ("shop = jl.demo()",)
        shop.close()
    assert len(read) == 1


class Readings:
    """Readings of the demo store, for which a small shop stands; they tell how far they are, and wait to end."""

    def __init__(self) -> None:
        self.count = 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, _folder: Path, _root: Path | None, tell: Callable[[float, str], None]) -> Dataset:
        self.count += 1
        tell(0.5, "Reading GA4 events")
        self.begun.set()
        assert self.may_end.wait(10)
        return tiny_shop()


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readings]:
    readings = Readings()
    monkeypatch.setattr(opening, "_read", readings)
    monkeypatch.setattr(opening, "_WAIT", 0.01)
    yield readings
    readings.may_end.set()


def test_the_demo_store_is_read_ahead_once(readings: Readings):
    readings.may_end.set()
    opening.prepare()
    opening.prepare()
    opening.demo().close()
    assert readings.count == 1


def test_who_asks_while_it_is_read_ahead_is_told_how_far_it_is_and_gets_it(readings: Readings):
    ahead = threading.Thread(target=opening.prepare)
    ahead.start()
    assert readings.begun.wait(10)
    told: list[tuple[float, str]] = []

    def progress(share: float, words: str) -> None:
        told.append((share, words))
        readings.may_end.set()

    shop = opening.demo(progress=progress)
    ahead.join()
    assert set(told) == {(0.5, "Reading GA4 events")}
    assert (readings.count, shop.calls) == (1, ("shop = jl.demo()",))
    shop.close()


def test_who_stops_waiting_lets_the_reading_ahead_go_on(readings: Readings):
    ahead = threading.Thread(target=opening.prepare)
    ahead.start()
    assert readings.begun.wait(10)

    def stop(_share: float, _words: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opening.demo(progress=stop)
    readings.may_end.set()
    ahead.join()
    opening.demo().close()
    assert readings.count == 1


def test_nothing_is_read_ahead_where_it_cannot_be_kept(readings: Readings, tmp_path: Path):
    kept.keep(tiny_shop(), "a")
    (folder,) = tmp_path.glob("journeylab-demo-*")
    folder.chmod(0o777)
    opening.prepare()
    assert readings.count == 0
