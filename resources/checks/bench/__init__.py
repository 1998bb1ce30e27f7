"""The parts of the benchmark: timing, sensors, transfers, products, attention and training."""
