"""The command line: each command a small function; what is heavy is imported when a command needs it."""
