"""Does, through doors; every kind of step is one file."""
