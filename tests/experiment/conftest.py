"""What holds for every trial: it leaves no process behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.experiment.processes import children
from tests.servers import wait_until


@pytest.fixture(autouse=True)
def _no_orphans() -> Iterator[None]:
    """However a trial ends, no process of it is left."""
    before = children()
    yield
    assert wait_until(lambda: children() <= before)
