"""What holds for every test: properties are judged by their result, never by their speed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("asgiviz", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("asgiviz")
