"""Unsloth Setup: from a PC with an NVIDIA card to a proven fine-tuning environment."""

__version__ = "1.1.0"
