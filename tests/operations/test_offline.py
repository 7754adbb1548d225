"""Forecasting asks nobody: no address is looked up and no connection made, from the first import on."""

from __future__ import annotations

import json
import subprocess
import sys

FORECASTS = """
import json, sys
asked = []
sys.addaudithook(lambda event, args: asked.append(event) if event in {
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg", "urllib.Request",
} else None)
import journeylab as jl
from journeylab.data.examples import stocked_shop
shop = stocked_shop()
told = jl.operations.demand(shop, horizon=2, contest="full")
why = jl.operations.explain(shop, sku="POT", country="DE", origins=1)
heard = list(asked)
import socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except OSError:
    pass
print(json.dumps({"models": sorted(set(told.contest["model"])), "days": len(why.days), "asked": heard,
                  "the hook hears": len(asked) - len(heard)}))
"""


def test_neither_the_contest_nor_prophet_asks_the_network():
    ran = subprocess.run([sys.executable, "-c", FORECASTS], capture_output=True, text=True, check=True, timeout=300)
    told = json.loads(ran.stdout.splitlines()[-1])
    assert {"Prophet", "Theta", "ETS", "naive"} <= set(told["models"])
    assert told["days"]
    assert told["asked"] == []
    assert told["the hook hears"] > 0
