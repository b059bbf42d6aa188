"""Memory that was freed stays with the process: glibc gives large blocks back and takes them anew for each tensor, and
the kernel clears every page of them again. Without it a softmax over 40 MB takes twice as long.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # malloc.h


def keep_memory() -> bool:
    """False where the C library knows no such settings: then nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, (1 << 31) - 1))
