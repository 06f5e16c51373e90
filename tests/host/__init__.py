"""Hosts: an app under a real server, here and in a child process."""
