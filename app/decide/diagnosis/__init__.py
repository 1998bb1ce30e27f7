"""From the log of a failure to its cause, the lines that prove it, and the fix."""
