"""The window, in Qt: shows a session and drives it. The only room that knows PySide6."""
