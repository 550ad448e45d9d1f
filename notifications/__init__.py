"""Words: what is told to whom, templates and outgoing channels."""
