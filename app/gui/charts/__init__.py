"""Charts that are painted: bars, curves and meters."""
