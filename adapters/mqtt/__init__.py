"""MQTT in: one client, strict decoding, acknowledgement after commit."""
