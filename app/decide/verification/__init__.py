"""From what the checks measured to a verdict, line by line."""
