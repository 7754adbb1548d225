"""The app: `streamlit run app.py`.

The script itself is journeylab/app/entry.py. It does not stand here, beside `pages/`, because Streamlit would take that
folder for its older kind of multi-page app and greet a deep link on a fresh server with 'Page not found'.
"""

from pathlib import Path

import streamlit as st

from journeylab.app import warm

app = st.App(Path(__file__).parent / "journeylab" / "app" / "entry.py", lifespan=warm.beside)
