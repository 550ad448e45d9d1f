"""A made-up fleet and what happened to it: pure, and the same for the same seed."""
