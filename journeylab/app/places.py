"""Where the app's own files are."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
PAGES = Path(__file__).resolve().parents[2] / "pages"
DATA_PAGE = PAGES / "start" / "data.py"
