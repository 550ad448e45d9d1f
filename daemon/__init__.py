"""Runs it: use cases, loops, command line and wiring."""
