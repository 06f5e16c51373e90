"""What holds for every test: properties are judged by their result, never by their speed; `make quick` tries fewer examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("asgiviz", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("quick", settings.get_profile("asgiviz"), max_examples=10)
settings.load_profile(os.environ.get("ASGIVIZ_TEST_PROFILE", "asgiviz"))
