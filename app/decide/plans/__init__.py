"""From a choice, a fix or an answer of uv to the steps and files of a plan."""
