"""What scripts/bench runs once everything is built: measures rows, prints a table, writes files."""
