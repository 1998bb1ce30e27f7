"""The adapters to the outside made real: the only rooms with side effects."""
