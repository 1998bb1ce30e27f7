"""The style sheet holds on Windows.

No backslash of a path may reach it, where it would be an escape.
"""

from __future__ import annotations

import pytest

from app.gui import theme


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK])
def test_no_backslash_is_in_the_sheet(tokens: theme.Tokens) -> None:
    assert "\\" not in theme.RESOURCES
    assert "\\" not in theme.sheet(tokens)
    assert f'url("{theme.RESOURCES}/icons/' in theme.sheet(tokens)
