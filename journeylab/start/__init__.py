"""Where a visit starts: the whole shop at a glance, and how far its data can be trusted."""

from journeylab.start.matching import matching
from journeylab.start.overview import overview
from journeylab.start.quality import quality

__all__ = ["matching", "overview", "quality"]
