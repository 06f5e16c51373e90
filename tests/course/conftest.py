"""A valid little pack for every test of the course that wants one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.course.packs import LittlePack, little_pack


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack with one valid lesson."""
    return little_pack(tmp_path)
