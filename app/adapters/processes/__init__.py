"""This program's own process, and the children that it starts as whole trees."""
