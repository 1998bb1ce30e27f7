"""How a child process ended, in words."""

from __future__ import annotations


def ending(code: int) -> str:
    """How a child ended, in words: an exit code, a signal, or one of Windows' crash codes."""
    crashes = {
        0xC0000005: "access violation",
        0xC0000135: "a DLL was not found",
        0xC000007B: "a DLL of the wrong kind",
        0xC0000142: "a DLL could not start",
        0xC00000FD: "stack overflow",
        0xC000001D: "illegal instruction",
        0xC0000409: "fatal error",
        0xC0000374: "damaged heap",
    }
    unsigned = code & 0xFFFFFFFF
    if unsigned in crashes:
        return f"crashed: {crashes[unsigned]}, 0x{unsigned:08X}"
    if code < 0:
        signals = {
            -4: "illegal instruction",
            -6: "abort",
            -9: "ended from outside, often for lack of memory",
            -11: "access violation",
            -15: "ended from outside",
        }
        return f"signal {-code}" + (f": {signals[code]}" if code in signals else "")
    return f"exit code {code}"
