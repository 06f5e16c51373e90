"""Tests of the lessons that come with asgiviz."""
