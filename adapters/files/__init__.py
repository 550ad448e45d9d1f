"""Files read: plan, winter table, work items, registers."""
