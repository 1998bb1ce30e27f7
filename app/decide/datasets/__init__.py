"""Recognises a person's training data and turns it into the one form that the training script reads."""
