"""The rules: the plan and the arithmetic of due dates. Pure: no clock, no file, no environment, no library."""
