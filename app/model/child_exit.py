"""How a child process ended, in words."""

from __future__ import annotations

from app.model.message import Message


def describe_exit(code: int) -> str:
    """How a child ended, in words: an exit code, a signal, or one of Windows' crash codes."""
    crashes = {
        0xC0000005: Message("access violation"),
        0xC0000135: Message("a DLL was not found"),
        0xC000007B: Message("a DLL of the wrong kind"),
        0xC0000142: Message("a DLL could not start"),
        0xC00000FD: Message("stack overflow"),
        0xC000001D: Message("illegal instruction"),
        0xC0000409: Message("fatal error"),
        0xC0000374: Message("damaged heap"),
    }
    unsigned = code & 0xFFFFFFFF
    if unsigned in crashes:
        return Message("crashed: {how}, 0x{code:08X}", how=crashes[unsigned], code=unsigned)
    if code < 0:
        signals = {
            -4: Message("illegal instruction"),
            -6: "abort",
            -9: Message("ended from outside, often for lack of memory"),
            -11: Message("access violation"),
            -15: Message("ended from outside"),
        }
        number = -code
        if code in signals:
            return Message("signal {number}: {how}", number=number, how=signals[code])
        return Message("signal {number}", number=number)
    return Message("exit code {code}", code=code)
