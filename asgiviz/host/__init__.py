"""The stage: finds the target and runs it under a real server, here in a thread or in a process of its own."""
