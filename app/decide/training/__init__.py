"""How much a training run needs, and the script that does it."""
