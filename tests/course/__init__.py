"""Tests of the course: reading, walk, progress, linter."""
