"""Looks at the machine, through adapters; every file is one subject."""
