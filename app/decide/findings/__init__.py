"""From facts to findings and to ranked profiles."""
