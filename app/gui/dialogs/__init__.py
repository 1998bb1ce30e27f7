"""Sheets over the window, opened from pages and the menu."""
