"""Fleets that are asked instead of listened to: makers' servers that speak ISO/TS 15143-3 (AEMP 2.0)."""
