"""End to end: the real program from first to last."""
