"""The script of the app: page config, navigation, the sidebar's data card. Nothing else."""

import streamlit as st

from journeylab.app.places import ASSETS, PAGES
from journeylab.app.presenter import presenting
from journeylab.app.sidebar import sidebar

st.set_page_config(
    page_title="journeylab",
    page_icon=str(ASSETS / "mark.svg"),
    layout="wide",
    initial_sidebar_state="collapsed" if presenting() else "auto",
)
if not presenting():
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))

page = st.navigation(
    {
        "Start": [
            st.Page(
                PAGES / "start/overview.py",
                title="Overview",
                icon=":material/monitoring:",
                default=True,
                help="The shop's key figures beside the period before.",
            ),
            st.Page(
                PAGES / "start/data.py",
                title="Data",
                icon=":material/folder_open:",
                help="Add files, see what was read and what was set aside, forget everything.",
            ),
            st.Page(
                PAGES / "start/matching.py",
                title="Matching",
                icon=":material/difference:",
                help="Why another report shows other figures, step by step.",
            ),
        ],
        "Journey": [
            st.Page(
                PAGES / "journey/map.py",
                title="Journey map",
                icon=":material/map:",
                help="What customers live through, stage by stage, and how it is known.",
            ),
            st.Page(
                PAGES / "journey/workshop.py",
                title="Workshop",
                icon=":material/co_present:",
                help="Guess, then see what the data says; vote; agree who does what.",
            ),
            st.Page(
                PAGES / "journey/touchpoints.py",
                title="Touchpoints",
                icon=":material/filter_alt:",
                help="How many visitors get from step to step, and where they leave.",
            ),
        ],
        "Customers": [
            st.Page(
                PAGES / "customers/personas.py",
                title="Personas",
                icon=":material/groups:",
                help="Customers scored by how lately, how often and for how much they bought.",
            ),
            st.Page(
                PAGES / "customers/lifetime_value.py",
                title="Lifetime value",
                icon=":material/savings:",
                help="What the customers will bring, proven on weeks the models have not seen.",
            ),
            st.Page(
                PAGES / "customers/retention.py",
                title="Retention",
                icon=":material/replay:",
                help="Who comes back, how soon, and when a customer is paid back.",
            ),
            st.Page(
                PAGES / "customers/feedback.py",
                title="Feedback",
                icon=":material/reviews:",
                help="What customers say in scores and words, and whom it is worth writing to.",
            ),
            st.Page(
                PAGES / "customers/timeline.py",
                title="Timeline",
                icon=":material/timeline:",
                help="One customer's whole journey in order, and how many visitors could be joined to a customer.",
            ),
        ],
        "Growth": [
            st.Page(
                PAGES / "growth/experiments.py",
                title="Experiments",
                icon=":material/science:",
                help="What a test proved, whether it was worth it, and how to plan the next one.",
            ),
        ],
        "Operations": [
            st.Page(
                PAGES / "operations/demand.py",
                title="Demand",
                icon=":material/trending_up:",
                help="What will sell, how sure that is, what moves it, what is wanted and not bought, what comes back.",
            ),
            st.Page(
                PAGES / "operations/replenishment.py",
                title="What to order",
                icon=":material/local_shipping:",
                help="What must be ordered today, of whom and for how much, and what lies too long.",
            ),
        ],
    },
    position="hidden" if presenting() else "sidebar",
    expanded=True,
)
sidebar()
page.run()
