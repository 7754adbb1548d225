"""How visitors move towards a purchase, where they leave, and the map of their journey."""

from journeylab.journey.carts import carts
from journeylab.journey.checkout import checkout
from journeylab.journey.dropped import dropped
from journeylab.journey.friction import friction
from journeylab.journey.funnel import funnel
from journeylab.journey.map import Map
from journeylab.journey.map_evidence import evidence
from journeylab.journey.paths import paths
from journeylab.journey.searches import searches
from journeylab.journey.sessions import sessions
from journeylab.journey.stake import stake
from journeylab.journey.what_if import what_if

__all__ = [
    "Map",
    "carts",
    "checkout",
    "dropped",
    "evidence",
    "friction",
    "funnel",
    "paths",
    "searches",
    "sessions",
    "stake",
    "what_if",
]
