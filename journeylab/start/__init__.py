"""Where a visit starts: the whole shop at a glance."""

from journeylab.start.overview import overview

__all__ = ["overview"]
