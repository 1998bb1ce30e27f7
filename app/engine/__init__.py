"""Carries out plans and keeps what happened; knows no window and no system."""
