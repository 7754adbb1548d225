"""Altair only: the theme, and one module a chart family."""
