"""Nothing heavy is imported before a shop is loaded: a first visit must not wait for engines and models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("ibis", "duckdb", "altair", "sklearn", "scipy", "vl_convert", "nbformat", "xlsxwriter", "prophet", "pyspark")

SCRIPT = """
import sys
import streamlit
before = set(sys.modules)
from journeylab.app import account, cards, controls, figures, panels, shell, sidebar, state, upload
import journeylab
new = {name.split(".")[0] for name in set(sys.modules) - before}
print(",".join(sorted(new)))
"""


def test_the_apps_modules_load_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.strip().split(","))
    assert "journeylab" in loaded
    assert not loaded & {*HEAVY, "pandas", "numpy"}
