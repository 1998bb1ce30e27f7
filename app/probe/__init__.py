"""Looks at the machine, through doors; every file is one subject."""
