"""The log on screen: a virtual view of a file of any length."""
