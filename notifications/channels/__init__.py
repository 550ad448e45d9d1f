"""Ways out: each takes one finished letter to one recipient."""
