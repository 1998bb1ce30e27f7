"""Takes the person and the secrets out of all that is told or written."""
