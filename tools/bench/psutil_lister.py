"""Lists the processes with psutil on command; its protocol is that of enumerator.cc.

Nine of the ten fields: psutil has no peak of memory on Linux. The interpreter and psutil's caches stay warm, which is
the best case for psutil.
"""

import os
import sys
import time

try:
    import psutil
except ImportError:
    print("error not installed: python3-psutil", flush=True)
    sys.exit(1)

FIELDS = ["name", "cmdline", "num_threads", "status", "memory_info", "pid", "username", "io_counters"]


def listing():
    return [process.info for process in psutil.process_iter(attrs=FIELDS, ad_value=None)]


print("ready", flush=True)
for line in sys.stdin:
    rows = listing()
    nanoseconds = []
    for _ in range(int(line)):
        begin = time.perf_counter_ns()
        rows = listing()
        nanoseconds.append(time.perf_counter_ns() - begin)
    print(len(rows), len(os.listdir("/proc/self/fd")), *nanoseconds, flush=True)
