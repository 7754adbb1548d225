"""The lab file opens to the same shop, and a file that is not one, or no longer one, is refused in words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import ibis
import pytest

import journeylab as jl
from journeylab.data import lab_file
from journeylab.data.examples import tiny_shop
from journeylab.data.ledger import Ledger, Note
from journeylab.errors import SchemaError
from tests.data.test_choices import odd_shop

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


def test_choices_and_edits_are_kept_and_a_choice_can_still_be_undone(tmp_path: Path) -> None:
    before = odd_shop().choose(zero_orders="leave_out", skus="join").with_edit("personas.names", {"1": "Regulars"})
    after = jl.open(lab_file.save(before.between("2026-01-01", "2026-01-05"), tmp_path / "shop.zip"))
    assert after.choices == before.choices
    assert after.edits == before.edits
    assert after.fingerprint == before.between("2026-01-01", "2026-01-05").fingerprint
    assert jl.overview(after).table().equals(jl.overview(before.between("2026-01-01", "2026-01-05")).table())
    assert after.calls[0] == 'shop = jl.open("shop.zip")'
    assert not any("choose" in call for call in after.calls)
    undone = after.choose(zero_orders="count", skus="apart").unchosen()
    assert undone.fingerprint == odd_shop().fingerprint
    assert jl.overview(undone).table().equals(jl.overview(odd_shop()).table())


def test_edit_save_restart_open_edit_save_open_keeps_everything(tmp_path: Path) -> None:
    first = jl.open(lab_file.save(odd_shop().choose(guests="leave_out").with_edit("map", [1]), tmp_path / "one.zip"))
    path = lab_file.save(first.with_edit("map", [1, 2]).choose(zero_orders="leave_out"), tmp_path / "two.zip")
    script = (
        "import sys, journeylab as jl; shop = jl.open(sys.argv[1]); "
        "print(dict(shop.choices), shop.edits['map'], jl.overview(shop).headline())"
    )
    run = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    expected = odd_shop().choose(guests="leave_out", zero_orders="leave_out")
    assert run.stdout.strip() == f"{dict(expected.choices)} [1, 2] {jl.overview(expected).headline()}"


def test_the_key_is_kept_only_when_asked_for(tmp_path: Path) -> None:
    key = b"0123456789abcdef"
    without = lab_file.save(tiny_shop(), tmp_path / "without.zip")
    kept = lab_file.save(tiny_shop(), tmp_path / "with.zip", key=key)
    assert lab_file.key_in(without) is None
    assert key.hex().encode() not in without.read_bytes()
    assert lab_file.key_in(kept) == key
    assert jl.overview(jl.open(kept)).headline() == jl.overview(tiny_shop()).headline()


def test_a_file_of_another_patch_version_opens_and_what_it_adds_is_left_aside(saved: Path) -> None:
    def other(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**manifest, "colour": "red", "journeylab": "0.1.9"}).encode()

    def older(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        for name in ("choices", "edits"):
            del manifest[name]
        members["manifest.json"] = json.dumps(manifest).encode()

    for change in (other, older):
        assert jl.overview(jl.open(rewritten(saved, change))).table().equals(jl.overview(tiny_shop()).table())


@pytest.mark.parametrize(
    "wrong",
    [{"choices": {"guests": "maybe"}}, {"choices": 3}, {"edits": 3}, {"edits": [1]}, {"choices": {"x": 1}}],
)
def test_wrong_choices_and_edits_give_a_sentence(saved: Path, wrong: dict[str, object]) -> None:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**manifest, **wrong}).encode()

    with pytest.raises(SchemaError, match="damaged"):
        jl.open(rewritten(saved, change))


@pytest.mark.parametrize(
    "wrong",
    [{"tables": []}, {"observed": ["2026-01-01"]}, {"currency": "E'UR"}, {"currency": 3}, {"ledgers": {"a": 1}}],
)
def test_a_manifest_of_another_shape_gives_a_sentence(saved: Path, wrong: dict[str, object]) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | wrong).encode()

    with pytest.raises(SchemaError, match="damaged"):
        jl.open(rewritten(saved, change))


def test_a_manifest_nested_without_end_and_a_folder_give_a_sentence(saved: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = b"[" * 200_000

    with pytest.raises(SchemaError, match="damaged"):
        jl.open(rewritten(saved, change))
    with pytest.raises(SchemaError, match="damaged"):
        jl.open(saved.parent)


def test_a_manifest_whose_packing_is_damaged_gives_a_sentence(saved: Path) -> None:
    packed = rewritten(saved, dict.copy, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(packed) as archive:
        start = archive.getinfo("manifest.json").header_offset
    data = bytearray(packed.read_bytes())
    data[start + 60 : start + 120] = b"\xff" * 60
    packed.write_bytes(data)
    with pytest.raises(SchemaError, match="damaged"):
        lab_file.key_in(packed)
    assert lab_file.is_lab_file(packed)


def test_reading_a_lab_file_as_an_export_points_to_opening_it(saved: Path) -> None:
    with pytest.raises(SchemaError, match="is a lab file") as refused:
        jl.read(saved)
    assert "jl.open" in str(refused.value)


def test_a_zip_of_exports_with_a_manifest_of_its_own_is_no_lab_file(tmp_path: Path) -> None:
    path = tmp_path / "exports.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("orders.csv", "visitor_id,event,timestamp\nv,view,2026-03-01 10:00\n")
    assert not lab_file.is_lab_file(path)


def warehouse() -> Dataset:
    """A warehouse whose customers are numbers and e-mail addresses, with a comment that names one."""
    backend = ibis.duckdb.connect()
    backend.con.execute("""
        CREATE TABLE orders AS SELECT i::VARCHAR AS order_id,
            CASE WHEN i % 5 = 0 THEN NULL WHEN i % 2 = 0 THEN 'C-' || i % 7 ELSE 'Ann' || i % 3 || '@shop.test' END
                AS customer_id,
            TIMESTAMP '2026-01-01' + i * INTERVAL 7 HOUR AS ordered_at, 'completed' AS status, i::DECIMAL(18,4) AS net
        FROM range(90) t(i)""")
    backend.con.execute("""
        CREATE TABLE events AS SELECT 'b-' || row_number() OVER () % 11 AS visitor_id, customer_id,
            ordered_at AS occurred_at, 'view' AS event, 'who is bo@shop.test' AS query, order_id
        FROM orders""")
    return jl.connect(backend, orders="orders", events="events", as_of="2026-03-01", currency="EUR")


def persons(shop: Dataset, table: str, column: str = "customer_id") -> list[str | None]:
    names = shop.run(shop.tables[table].order_by(shop.tables[table].order_id.cast("int64")))[column]
    return [None if name is None or name != name else str(name) for name in names]  # noqa: PLR0124 - NaN is not itself


def test_a_saved_warehouse_carries_pseudonyms_and_no_id_of_its_own(tmp_path: Path) -> None:
    shop = warehouse()
    after = jl.open(lab_file.save(shop, tmp_path / "shop.zip", secret=b"s" * 16))
    own, other = persons(shop, "orders"), persons(after, "orders")
    assert [name is None for name in own] == [name is None for name in other]
    pairs = set(zip(own, other, strict=True))
    assert len(pairs) == len(set(own)) == len(set(other))
    assert all(theirs is None or re.fullmatch("[0-9a-f]{16}", theirs) for theirs in other)
    assert persons(after, "events") == other
    assert len(set(persons(after, "events", "visitor_id"))) == 11
    saved = repr([after.run(table).to_dict() for table in after.tables.values()])
    assert "@" not in saved
    assert "C-1" not in saved
    assert "who is (e-mail)" in saved
    assert (b"s" * 16).hex().encode() not in (tmp_path / "shop.zip").read_bytes()


def test_a_saved_warehouse_opens_to_the_same_figures_under_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    shop = warehouse()
    after = jl.open(lab_file.save(shop, tmp_path / "shop.zip"))
    assert jl.overview(after).table().equals(jl.overview(shop).table())
    assert jl.customers.identity(after).table().equals(jl.customers.identity(shop).table())
    assert after.fingerprint == f"{shop.fingerprint}+pseudonyms"
    again = jl.open(lab_file.save(after, tmp_path / "again.zip"))
    assert again.fingerprint == after.fingerprint
    assert persons(again, "orders") == persons(after, "orders")


def test_the_same_secret_gives_the_same_pseudonyms_and_an_email_that_of_a_reader(tmp_path: Path) -> None:
    shop, key = warehouse(), b"0123456789abcdef"
    once = jl.open(lab_file.save(shop, tmp_path / "one.zip", key=key))
    twice = jl.open(lab_file.save(shop, tmp_path / "two.zip", secret=key))
    fresh = jl.open(lab_file.save(shop, tmp_path / "three.zip"))
    assert persons(once, "orders") == persons(twice, "orders") != persons(fresh, "orders")
    assert lab_file.key_in(tmp_path / "one.zip") == key
    path = tmp_path / "answers.csv"
    path.write_text("response_id,customer_id,answered_at,kind,score\n1,ANN1@shop.test,2026-01-02,nps,9\n")
    answers = jl.read(path, key=key)
    (known,) = answers.run(answers.tables["surveys"])["customer_id"]
    assert known in persons(once, "orders")
