"""Daemons with one part exchanged, each a launcher (`python -m tests.variants.NAME --config F run`).

Some are deliberately wrong: the kill loop must find them out. Others have a fault inside that the daemon must survive.
"""
