"""The demo app and its visitors."""
