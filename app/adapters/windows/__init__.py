"""What only Windows can be asked or told; other systems get an honest answer."""
