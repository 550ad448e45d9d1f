"""InfluxDB: a copy of the believed readings, and the hour history read back from it."""
