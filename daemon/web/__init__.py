"""Pages and API: what managers, service centres and yards see and do."""
