"""The ears: what stands between a server and an app and records, and never judges."""
