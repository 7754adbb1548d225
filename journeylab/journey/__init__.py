"""How visitors move towards a purchase, and where they leave."""

from journeylab.journey.carts import carts
from journeylab.journey.checkout import checkout
from journeylab.journey.dropped import dropped
from journeylab.journey.friction import friction
from journeylab.journey.funnel import funnel
from journeylab.journey.paths import paths
from journeylab.journey.searches import searches
from journeylab.journey.sessions import sessions
from journeylab.journey.stake import stake
from journeylab.journey.what_if import what_if

__all__ = ["carts", "checkout", "dropped", "friction", "funnel", "paths", "searches", "sessions", "stake", "what_if"]
