"""The lab file opens to the same shop, and a file that is not one, or no longer one, is refused in words."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data import lab_file
from journeylab.data.examples import tiny_shop
from journeylab.data.ledger import Ledger, Note
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from journeylab.data.dataset import Dataset


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return lab_file.save(tiny_shop(), tmp_path / "shop.zip")


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write the zip again with changed members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target


def test_a_shop_opens_to_the_same_tables_figures_and_fingerprint(saved: Path) -> None:
    before, after = tiny_shop(), jl.open(saved)
    assert after.fingerprint == before.fingerprint
    assert (after.currency, after.time_zone, after.observed) == (before.currency, before.time_zone, before.observed)
    assert {n: t.schema() for n, t in after.tables.items()} == {n: t.schema() for n, t in before.tables.items()}
    assert jl.overview(after).table().equals(jl.overview(before).table())
    assert after.calls == ('shop = jl.open("shop.zip")',)


def test_the_date_window_is_kept(tmp_path: Path) -> None:
    before = tiny_shop().between("2026-01-10", "2026-02-10")
    after = jl.open(lab_file.save(before, tmp_path / "shop.zip"))
    assert (after.window, after.fingerprint) == (before.window, before.fingerprint)
    assert jl.overview(after).headline() == jl.overview(before).headline()


def test_the_ledgers_are_kept(tmp_path: Path) -> None:
    shop = tiny_shop()
    ledger = Ledger("orders", "a.csv", "Orders", 5, (Note("void", 1, ("row 2",), set_aside=True),))
    object.__setattr__(shop, "ledgers", (ledger,))
    assert jl.open(lab_file.save(shop, tmp_path / "shop.zip")).ledgers == (ledger,)


def test_a_shop_that_was_opened_can_be_saved_and_opened_again(saved: Path, tmp_path: Path) -> None:
    again = jl.open(lab_file.save(jl.open(saved), tmp_path / "again.zip"))
    assert jl.overview(again).headline() == jl.overview(tiny_shop()).headline()


def test_opening_leaves_nothing_but_the_engines_folder_and_closing_takes_that(saved: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    shop: Dataset = jl.open(saved, root=root)
    assert not list(root.rglob("*.parquet"))
    shop.close()
    assert not list(root.iterdir())


def swap_row(members: dict[str, bytes]) -> None:
    members["tables/orders.parquet"] = members["tables/events.parquet"]


def cut(members: dict[str, bytes]) -> None:
    members["tables/orders.parquet"] = members["tables/orders.parquet"][:-20]


def stranger(members: dict[str, bytes]) -> None:
    members["../../evil.sh"] = b"rm -rf /"


def hollow(members: dict[str, bytes]) -> None:
    del members["tables/orders.parquet"]


def no_json(members: dict[str, bytes]) -> None:
    members["manifest.json"] = b"{"


def other_json(members: dict[str, bytes]) -> None:
    members["manifest.json"] = b"[1, 2]"


def half_json(members: dict[str, bytes]) -> None:
    members["manifest.json"] = json.dumps({"format": lab_file.FORMAT, "version": 1}).encode()


@pytest.mark.parametrize("change", [swap_row, cut, stranger, hollow, no_json, other_json, half_json])
def test_a_damaged_file_is_refused_in_words(saved: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with pytest.raises(SchemaError, match="is damaged and was not opened"):
        jl.open(rewritten(saved, change))


def test_a_file_cut_short_is_refused_in_words(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-60])
    with pytest.raises(SchemaError, match="damaged"):
        jl.open(saved)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blow_up(members: dict[str, bytes]) -> None:
        members["tables/orders.parquet"] = bytes(30_000_000)

    with pytest.raises(SchemaError, match="packed in another way"):
        jl.open(rewritten(saved, blow_up, zipfile.ZIP_DEFLATED))
    monkeypatch.setattr(lab_file, "MAX_BYTES", 1_000_000)
    with pytest.raises(SchemaError, match="unpacks to more"):
        jl.open(rewritten(saved, blow_up))


def test_a_file_of_a_later_version_says_to_update(saved: Path) -> None:
    def later(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**manifest, "version": 99}).encode()

    with pytest.raises(SchemaError, match="later version"):
        jl.open(rewritten(saved, later))


def test_a_zip_of_something_else_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("orders.csv", "a,b")
    with pytest.raises(SchemaError, match="is not a lab file"):
        jl.open(other)
    with pytest.raises(SchemaError, match="There is no file"):
        jl.open(tmp_path / "nowhere.zip")
