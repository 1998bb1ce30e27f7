"""Plain frozen values: what the rooms hand to each other. Knows nobody."""
