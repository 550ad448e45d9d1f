"""How often a property is tried."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def often(examples: int) -> settings:
    """The same histories at every run, so that a failure is everybody's."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
