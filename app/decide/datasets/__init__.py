"""Recognises training data and converts it to the one form that the script reads."""
