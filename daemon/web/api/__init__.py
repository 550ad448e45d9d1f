"""The API under /api/v1: every read and command of the command line, for other programs and for the pages."""
