"""The house keeps its walls: who may import what, where Streamlit lives, how long a file may be."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "journeylab").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
EVERYTHING = [*LIBRARY, *PAGES, ROOT / "app.py"]

#: From the ground up; a part may import from its own floor and those below.
FLOORS = (
    ("errors", "checks", "call", "cells", "words", "intervals"),
    ("data",),
    ("result", "charts", "start", "customers", "journey", "growth", "operations"),
    ("report",),
    ("app",),
)
FLOOR = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
CHARTS_MAY_IMPORT = {"altair", "pandas", "journeylab.charts", "journeylab.words"}
FRAME_VERBS = {
    "agg", "aggregate", "apply", "assign", "concat", "cumsum", "drop", "dropna", "execute", "explode", "fillna",
    "filter", "groupby", "group_by", "head", "iloc", "join", "loc", "map", "mean", "melt", "merge", "mutate", "pivot",
    "pivot_table", "query", "rename", "reset_index", "select", "set_index", "sort_values", "sum", "tail",
    "to_numpy", "value_counts",
}  # fmt: skip


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> set[str]:
    """Return every module that a file imports, wherever in it, with the names taken from it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part_of(path: Path) -> str:
    """Return the part of the library a file belongs to: 'data' for journeylab/data/engine.py, 'call' for call.py."""
    inside = path.relative_to(ROOT / "journeylab")
    return inside.parts[0].removesuffix(".py")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_only_the_app_imports_streamlit(path: Path) -> None:
    if part_of(path) != "app":
        assert not [name for name in imports(path) if name.split(".")[0] == "streamlit"]


@pytest.mark.parametrize("path", [path for path in LIBRARY if part_of(path) != "__init__"], ids=named)
def test_no_import_runs_upward(path: Path) -> None:
    own = FLOOR[part_of(path)]
    above = []
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "journeylab" and len(parts) > 1 and FLOOR.get(parts[1], 0) > own:
            above.append(name)
    assert not above


@pytest.mark.parametrize("path", [path for path in LIBRARY if part_of(path) == "charts"], ids=named)
def test_charts_import_only_altair_and_pandas(path: Path) -> None:
    for name in imports(path):
        known = name.split(".")[0] in sys.stdlib_module_names or name.split(".")[0] == "__future__"
        assert known or any(name == may or name.startswith(f"{may}.") for may in CHARTS_MAY_IMPORT), name


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_pages_import_streamlit_and_journeylab_and_nothing_else(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} <= {"streamlit", "journeylab", "__future__"}


@pytest.mark.parametrize("path", [*PAGES, ROOT / "app.py"], ids=named)
def test_pages_hold_no_maths_and_no_data_frame_verbs(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.BinOp) and path.name != "app.py":
            pytest.fail(f"line {node.lineno} calculates")
        if isinstance(node, ast.Attribute) and node.attr in FRAME_VERBS:
            pytest.fail(f"line {node.lineno} uses .{node.attr}")
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While):
            pytest.fail(f"line {node.lineno}: a page reads from top to bottom")


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_nobody_reaches_into_anothers_private_names(path: Path) -> None:
    modules: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("journeylab"):
            private = [alias.name for alias in node.names if alias.name.startswith("_")]
            assert not private, f"takes {private} from {node.module}"
            modules |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name.startswith("journeylab")}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert not node.attr.startswith("_") or node.attr.startswith("__"), f"line {node.lineno}: {node.attr}"


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_a_module_is_at_most_350_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_is_at_most_80_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80


def test_pages_lie_in_folders_named_as_their_section() -> None:
    assert {path.relative_to(ROOT / "pages").parts[0] for path in PAGES} <= {
        "start", "journey", "customers", "growth", "operations",
    }  # fmt: skip
    assert all(len(path.relative_to(ROOT / "pages").parts) == 2 for path in PAGES)


def test_every_page_is_in_the_navigation() -> None:
    entry = (ROOT / "journeylab" / "app" / "entry.py").read_text(encoding="utf-8")
    assert not [named(path) for path in PAGES if f'"{path.relative_to(ROOT / "pages").as_posix()}"' not in entry]


def test_every_module_of_the_library_says_what_it_is_for() -> None:
    assert not [named(path) for path in LIBRARY if not ast.get_docstring(tree(path))]
