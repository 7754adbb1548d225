"""A visitor's shop: read together, kept on error, forgotten when the session is over."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from journeylab.app import lab
from journeylab.app.janitor import Janitor
from journeylab.app.state import Source, Visitor
from journeylab.data import lab_file, readers, workspace
from journeylab.data.examples import tiny_shop
from journeylab.errors import SchemaError
from journeylab.report.notebook import Story, bundle

if TYPE_CHECKING:
    from pathlib import Path


def upload(visitor: Visitor, name: str, text: str = "a,b\n1,2\n") -> Source:
    return visitor.spool(name, io.BytesIO(text.encode()))


def test_an_upload_lies_in_the_sessions_own_folder_under_a_name_of_our_own() -> None:
    visitor = Visitor(session="a")
    source = upload(visitor, "../../etc/passwd;rm -rf.csv.gz")
    assert source.path.parent == visitor.folder()
    assert source.path.name == "upload-1.csv.gz"
    assert source.name == "../../etc/passwd;rm -rf.csv.gz"
    visitor.forget()


@pytest.mark.parametrize("name", ["noending", "x.<script>", "x." + "y" * 50, ".csv", "x.ünï"])
def test_strange_endings_never_reach_the_disk(name: str) -> None:
    visitor = Visitor(session="a")
    assert upload(visitor, name).path.name.isascii()
    assert len(upload(visitor, name).path.name) < 20
    visitor.forget()


def test_files_added_later_are_read_together_with_the_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, keys = [], set()

    def read(*paths: Path, names: dict[Path, str], key: bytes, **options: object) -> object:
        asked.append([names[path] for path in paths])
        keys.add(key)
        assert all(path.is_file() for path in paths)
        return tiny_shop()

    monkeypatch.setattr(readers, "read", read)
    visitor = Visitor(session="a")
    visitor.read([upload(visitor, "orders.csv")])
    visitor.read([upload(visitor, "events.csv")])
    assert asked == [["orders.csv"], ["orders.csv", "events.csv"]]
    assert len(keys) == 1
    visitor.forget()


def test_adding_a_file_keeps_what_the_user_chose_and_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "read", lambda *_paths, **_options: tiny_shop())
    visitor = Visitor(session="a")
    visitor.read([upload(visitor, "orders.csv")])
    visitor.change(visitor.shop.choose(guests="leave_out").with_edit("map", [1]))
    visitor.read([upload(visitor, "events.csv")])
    assert dict(visitor.shop.choices) == {"guests": "leave_out"}
    assert visitor.shop.edits["map"] == [1]
    visitor.forget()


def test_on_error_the_earlier_shop_stays_and_the_new_file_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*paths: Path, **options: object) -> object:
        raise SchemaError("No.")

    visitor = Visitor(session="a")
    before = tiny_shop()
    visitor.adopt(before, [upload(visitor, "orders.csv")])
    bad = upload(visitor, "bad.csv")
    monkeypatch.setattr(readers, "read", read)
    with pytest.raises(SchemaError):
        visitor.read([bad])
    assert visitor.shop is before
    assert len(before.run(before.table("orders").limit(9))) == 4
    assert [source.name for source in visitor.sources] == ["orders.csv"]
    assert not bad.path.exists()
    visitor.forget()


def test_a_reading_that_was_stopped_changes_nothing_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(session="a")
    before, late = tiny_shop(), tiny_shop()

    def read(*paths: Path, **options: object) -> object:
        visitor.stop_reading()
        return late

    visitor.adopt(before, [upload(visitor, "orders.csv")])
    more = upload(visitor, "more.csv")
    monkeypatch.setattr(readers, "read", read)
    visitor.read([more])
    assert visitor.shop is before
    assert not more.path.exists()
    assert not late.engine.folder.exists()
    visitor.forget()


def test_a_lab_file_opens_in_place_of_the_readers(tmp_path: Path) -> None:
    saved = lab_file.save(tiny_shop(), tmp_path / "shop.zip")
    visitor = Visitor(session="a")
    visitor.read([visitor.spool("my shop.zip", saved.open("rb"))])
    assert visitor.shop is not None
    assert visitor.shop.fingerprint == "example"
    visitor.forget()


def test_forgetting_closes_the_engine_and_leaves_no_file() -> None:
    visitor = Visitor(session="a")
    shop = tiny_shop()
    visitor.adopt(shop, [upload(visitor, "orders.csv")])
    visitor.remember(("k",), lambda: 1)
    folder, engine_folder = visitor.folder(), shop.engine.folder
    visitor.forget()
    assert not folder.exists()
    assert not engine_folder.exists()
    assert visitor.shop is None
    assert not visitor.results


def test_a_shop_from_elsewhere_leaves_no_copy_of_the_files_before_it() -> None:
    visitor = Visitor(session="a")
    source = upload(visitor, "orders.csv")
    visitor.adopt(tiny_shop(), [source])
    visitor.adopt(tiny_shop(), [source])
    assert source.path.exists()
    visitor.adopt(tiny_shop(), [])
    assert not source.path.exists()
    visitor.forget()


def test_a_file_of_the_users_own_is_never_deleted(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n")
    visitor = Visitor(session="a")
    visitor.adopt(tiny_shop(), [Source(path, "mine.csv", ours=False)])
    visitor.forget()
    assert path.exists()


def test_results_are_kept_by_what_made_them_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeylab.app.state.MAX_RESULTS", 2)
    visitor = Visitor(session="a")
    made = []
    for key in ("a", "b", "a", "c", "a", "b"):
        visitor.remember((key,), lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c", "b"]


def test_the_janitor_forgets_whoever_is_away_longer_than_the_grace_and_nobody_else() -> None:
    active = {"here"}
    janitor = Janitor(grace=30, is_active=lambda session: session in active)
    here, away = Visitor(session="here"), Visitor(session="away")
    folders = [upload(visitor, "x.csv").path.parent for visitor in (here, away)]
    janitor._visitors = {"here": here, "away": away}
    janitor.round()
    assert all(folder.exists() for folder in folders)
    for visitor in (here, away):
        visitor.last_seen -= 31
    janitor.round()
    assert [folder.exists() for folder in folders] == [True, False]
    here.forget()


def test_an_error_with_one_visitor_keeps_the_janitor_from_no_other_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    janitor = Janitor(grace=30, is_active=lambda _session: False)
    stuck, away = Visitor(session="stuck"), Visitor(session="away")
    folder = upload(away, "x.csv").path.parent

    def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(stuck, "forget", fail)
    janitor._visitors = {"stuck": stuck, "away": away}
    for visitor in (stuck, away):
        visitor.last_seen -= 31
    janitor.round()
    assert not folder.exists()
    assert list(janitor._visitors) == ["stuck"]
    assert "the disk is gone" in caplog.text


def test_a_visitor_who_comes_back_within_the_grace_keeps_everything() -> None:
    active: set[str] = set()
    janitor = Janitor(grace=30, is_active=lambda session: session in active)
    visitor = Visitor(session="a")
    folder = upload(visitor, "x.csv").path.parent
    janitor._visitors = {"a": visitor}
    janitor.round()
    active.add("a")
    janitor.round()
    assert folder.exists()
    visitor.forget()


def test_what_a_dead_process_left_behind_is_swept_and_the_living_are_left_alone(tmp_path: Path) -> None:
    dead = tmp_path / "journeylab-4194305-abc"  # above the largest process id there can be
    dead.mkdir()
    (dead / "orders.csv").write_text("secret")
    living, other = workspace.new_folder(tmp_path), tmp_path / "journeylab-notes"
    other.mkdir()
    assert workspace.sweep(tmp_path) == 1
    assert not dead.exists()
    assert living.exists()
    assert other.exists()


def test_on_windows_no_process_is_asked_whether_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "journeylab-4194305-abc"
    left.mkdir()
    asked: list[int] = []
    monkeypatch.setattr(workspace, "os", SimpleNamespace(name="nt", kill=lambda pid, _signal: asked.append(pid)))
    assert workspace.sweep(tmp_path) == 0
    assert left.exists()
    assert not asked


def test_what_is_written_to_be_downloaded_lies_in_a_folder_that_is_swept_after_a_kill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = []

    def save(_shop: object, path: Path, **_options: object) -> Path:
        folders.append(path.parent)
        path.write_bytes(b"whole shop")
        return path

    monkeypatch.setattr(lab_file, "save", save)
    shop = tiny_shop()
    lab._saved(shop, b"key", with_key=False)
    bundle(Story("T", "Q"), shop, io.BytesIO())
    assert len(folders) == 2
    assert all(folder.name.startswith(f"journeylab-{os.getpid()}-") for folder in folders)
    assert not any(folder.exists() for folder in folders)
