"""Fixtures of the journeys."""

from commands import all_samples, environment, packshot

__all__ = ["all_samples", "environment", "packshot"]
