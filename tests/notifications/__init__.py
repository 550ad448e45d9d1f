"""Words: who is told what, how it reads, and how it goes out."""
