"""Forms for paper: what is printed, signed and sent by post (rules 6)."""
