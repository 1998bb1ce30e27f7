"""The window, in Qt: shows a visit and drives it. The only room that knows PySide6."""
