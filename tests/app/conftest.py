"""A small shop whose names are as hostile as names get, and the app opened on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from journeylab.app import panels
from journeylab.app.state import Source, Visitor
from journeylab.data.examples import shop_of
from journeylab.data.ledger import Ledger, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from journeylab.data.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
HOSTILE_FILE = "*orders* <script>alert(1)</script> :red[x] $a$ ![x](http://x.example/a.png).csv"
HOSTILE_EVENT = "<img src=x onerror=alert(1)> **bold** :tada:"


def make_shop() -> Dataset:
    """Return 200 orders of 40 customers over 200 days, and 90 visitors who view, some of whom buy."""
    shop = shop_of(
        {
            "orders": """
                SELECT 'o' || i AS order_id, 'c' || (i % 40) AS customer_id,
                       DATE '2026-01-01' + i::INTEGER AS "day",
                       (DATE '2026-01-01' + i::INTEGER)::TIMESTAMP AS ordered_at,
                       'completed' AS status, (20 + i % 7)::DECIMAL(18,4) AS net
                FROM range(200) t(i)""",
            "events": f"""
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * v)::DATE AS "day",
                       ['view', 'cart', 'purchase', '{HOSTILE_EVENT}'][k] AS event,
                       ['mobile', 'desktop'][1 + v % 2] AS device
                FROM range(90) a(v), range(1, 5) b(k) WHERE v % k = 0""",
        }
    )
    note = Note("carry no customer", 3, ("row 4: =HYPERLINK(1)",), set_aside=True)
    object.__setattr__(shop, "ledgers", (Ledger("orders", HOSTILE_FILE, "Orders", 203, (note,)),))
    return shop


@pytest.fixture(scope="session")
def shop() -> Dataset:
    """The small shop."""
    return make_shop()


@pytest.fixture(autouse=True)
def bugs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """What a page called a bug of ours: a page shows it as a panel and goes on, so a test must fail of itself."""
    found: list[Exception] = []
    shown = panels.bug

    def bug(error: Exception) -> None:
        found.append(error)
        shown(error)

    monkeypatch.setattr(panels, "bug", bug)
    yield found
    if found:
        raise AssertionError("A page said: This is a bug in journeylab") from found[0]


@pytest.fixture
def open_app() -> Callable[..., AppTest]:
    """A function that opens the app, on a page, with a shop or without, and with a query in the URL."""

    def open_it(
        page: str = "", *, shop: Dataset | None = None, query: dict[str, str | list[str]] | None = None
    ) -> AppTest:
        app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=90)
        if shop is not None:
            visitor = Visitor(session="test", shop=shop, sources=[Source(Path("x"), HOSTILE_FILE, ours=False)])
            app.session_state["journeylab_visitor"] = visitor
        for name, value in (query or {}).items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(f"../../pages/{page}.py")
            for name, value in (query or {}).items():
                app.query_params[name] = value
            app.run()
        return app

    return open_it


def plain(text: str) -> str:
    """Undo the escaping of Markdown, to compare with what was meant."""
    return re.sub(r"\\(.)", r"\1", text.replace("\u2060", ""))
