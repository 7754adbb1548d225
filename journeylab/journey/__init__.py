"""How visitors move towards a purchase, and where they leave."""

from journeylab.journey.funnel import funnel
from journeylab.journey.paths import paths
from journeylab.journey.sessions import sessions
from journeylab.journey.stake import stake

__all__ = ["funnel", "paths", "sessions", "stake"]
