"""Everything that makes, packs, tests or publishes the program."""
