"""What is measured: each in a process of its own, which says how long it took as one line of JSON."""
