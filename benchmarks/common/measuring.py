"""What the speed and growth benchmarks share: clocks, memory, exponents, steps in a process of their own."""

from __future__ import annotations

import math
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def timed(action: Callable[..., object], *arguments: object) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - started


def ratios(above: Sequence[float], below: Sequence[float]) -> tuple[float, float, float]:
    """Median, lowest and highest of the rounds' ratios, for a round is one moment of the machine."""
    all_ = [a / b for a, b in zip(above, below, strict=True)]
    return statistics.median(all_), min(all_), max(all_)


def resident() -> float:
    """MiB of memory this process holds now."""
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu(*whose: int) -> float:
    """CPU seconds.

    Args:
        whose: `RUSAGE_SELF`, `RUSAGE_CHILDREN` of `resource`; default: of this process and of those it has waited for.
    """
    used = [resource.getrusage(each) for each in whose or (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def children(process: int) -> list[int]:
    """Those that a process has started and that go on; raises OSError if it has ended itself."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(number) for thread in threads for number in (thread / "children").read_text().split()]


def parent_and_cpu(process: int) -> tuple[int, float]:
    """The parent of a process, and the CPU seconds that it has used itself; raises OSError if it has ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def proportional(process: int) -> float:
    """MiB that a process holds now, of pages that are shared its share; raises OSError if it has ended."""
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def exponent(small: float, large: float, times: float) -> float:
    """Of growth from one figure to another while the works became so many ``times`` more: 0 does not grow, 1 is linear.

    NaN where a figure is not above 0.
    """
    return math.log(large / small) / math.log(times) if small > 0 and large > 0 else math.nan


def apart(script: str, *arguments: object) -> str:
    """Run one step in a process of its own, so that its memory is its own; the last line it prints."""
    command = [sys.executable, script, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
