"""The SQL store: tables, transactions, and the reads and writes of the use cases."""
