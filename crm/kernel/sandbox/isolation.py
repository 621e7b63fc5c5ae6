"""Take files, network, other processes and new privileges from this process.

Two locks of Linux, each enough by itself: a seccomp filter that allows a short list of system calls, and a Landlock
domain without any file or port (landlock(7), ABI 1 to 6). Open files stay usable. Where neither is available, only the
limits of `limits.py` hold.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
LANDLOCK_VERSION = 1
# Number of file rights (bits from 0 on) by Landlock ABI.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
LATEST_FILE_RIGHTS = 16
# linux/audit.h
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# By name, for x86_64 and aarch64 (asm/unistd_64.h, asm-generic/unistd.h): compute, read and write what is open, end.
ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "ftruncate": (77, 46),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "newfstatat": (262, 79),
    "set_robust_list": (273, 99),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
# struct seccomp_data: the number of the call, then the architecture.
NUMBER, ARCHITECTURE = 0, 4
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def isolate() -> list[str]:
    """Isolate this process for good, and return the locks that hold: landlock, seccomp."""
    if _LIBC is None or _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return []
    # Landlock first: the filter allows none of its calls.
    locks = {"landlock": _restrict_files, "seccomp": _restrict_calls}
    return [name for name, lock in locks.items() if lock(_LIBC)]


def _restrict_files(libc: ctypes.CDLL) -> bool:
    abi = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    if abi < 1:
        return False
    files = (1 << FILE_RIGHTS.get(abi, LATEST_FILE_RIGHTS)) - 1
    ports, scopes = (0b11 if abi >= 4 else 0), (0b11 if abi >= 6 else 0)
    # struct landlock_ruleset_attr grew; each kernel takes its part.
    handled = struct.pack("=QQQ", files, ports, scopes)[: 8 * (1 + (abi >= 4) + (abi >= 6))]
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, handled, len(handled), 0)
    return bool(ruleset >= 0 and libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)


def _restrict_calls(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    column = list(ARCHITECTURES).index(machine)
    program = _filter(ARCHITECTURES[machine], [numbers[column] for numbers in ALLOWED.values()])
    given = _Program(len(program) // 8, program)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) == 0)


def _filter(architecture: int, numbers: list[int]) -> bytes:
    """Build the filter: calls by `numbers` are allowed, others fail with EPERM."""
    instructions = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        # A match jumps over the other comparisons and the refusal.
        *((JUMP_IF_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
