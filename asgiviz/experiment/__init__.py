"""The laboratory: runs what a lesson asks for, on a real or a virtual clock, and records it."""
