"""Does, through adapters; every kind of step is one file."""
