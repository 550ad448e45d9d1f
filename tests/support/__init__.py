"""Real parts for tests: a broker, the daemon as a process, a publisher that keeps a ledger, and checks of the store."""
