"""A slow, obvious second reading of rules.md, to hold the product against; it imports nothing of it."""
