"""How visitors move towards a purchase, and where they leave."""

from journeylab.journey.friction import friction
from journeylab.journey.funnel import funnel
from journeylab.journey.paths import paths
from journeylab.journey.sessions import sessions
from journeylab.journey.stake import stake

__all__ = ["friction", "funnel", "paths", "sessions", "stake"]
