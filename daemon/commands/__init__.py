"""The commands of `hourkeeper`, one module each, imported when they are called."""
