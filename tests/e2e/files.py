"""Small exports, good and bad, written for the tests."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import datetime, timedelta


def events(visitors: int = 60, *, name: str = "user_id") -> bytes:
    """Return a CSV of visitors who view; half add to the cart, a third of those buy."""
    start = datetime(2026, 3, 1, 9)
    lines = [f"{name},event,timestamp"]
    for visitor in range(visitors):
        steps = ["view", *(["cart"] if visitor % 2 == 0 else []), *(["purchase"] if visitor % 6 == 0 else [])]
        lines += [f"v{visitor},{step},{start + timedelta(hours=visitor, minutes=k)}" for k, step in enumerate(steps)]
    return "\n".join(lines).encode()


def invoices(orders: int = 80) -> bytes:
    """Return a CSV of invoice lines of 20 customers over 80 days."""
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    for order in range(orders):
        when = datetime(2026, 1, 1, 10) + timedelta(days=order)
        lines.append(f"{1000 + order},A1,MUG,2,{when},{5 + order % 3}.50,{order % 20},Austria")
    return "\n".join(lines).encode()


def shelf() -> dict[str, bytes]:
    """Return invoices of a mug that sells two a day, with its stock and the buyer's list."""
    return {
        "invoices.csv": invoices(),
        "stock.csv": b"sku,as_of,on_hand\nA1,2026-03-21,10\n",
        "purchasing.csv": (
            b"sku,product,vendor,unit_cost,lead_time_days,lead_time_sd,moq,pack_size\nA1,MUG,Kiln / Graz,2.5,7,0,12,6\n"
        ),
    }


def _bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", b"a,b\n" + b"0," * 20_000_000)
    return target.getvalue()


BAD = {
    "empty.csv": lambda: b"",
    "header only.csv": lambda: b"user_id,event,timestamp\n",
    "binary.csv": lambda: random.Random(1).randbytes(20_000),
    "unknown.csv": lambda: b"colour,taste\nred,sweet\n",
    "twins.csv": lambda: b"event,event,event\na,b,c\n",
    "wide.csv": lambda: b"%b\n%b\n" % (b",".join(b"c%d" % n for n in range(2000)), b",".join([b"1"] * 2000)),
    "not a zip.zip": lambda: b"PK\x03\x04 nothing",
    "bomb.zip": _bomb,
    '"; drop table orders; --.csv': lambda: b'"""; drop table orders; --",<script>alert(1)</script>\n1,=HYPERLINK(1)\n',
    "<img src=x onerror=alert(1)>.csv": lambda: b"a,b\n1,2\n",
}

#: Those of them that are sound but of no known source: the app asks what their columns are.
UNKNOWN = ("unknown.csv", "twins.csv", "wide.csv", '"; drop table orders; --.csv', "<img src=x onerror=alert(1)>.csv")
