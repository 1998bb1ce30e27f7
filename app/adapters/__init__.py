"""The doors to the outside made real: the only rooms with side effects."""
