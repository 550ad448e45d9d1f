"""Wires: MQTT, SQL store, InfluxDB and files."""
