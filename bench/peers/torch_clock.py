"""How long work takes where it runs: by CUDA events on a card, by the clock on the CPU."""

import time

import torch


class Clock:
    def __init__(self, device):
        self.has_events = device == "cuda"

    def milliseconds(self, work):
        if not self.has_events:
            start = time.perf_counter()
            work()
            return 1000 * (time.perf_counter() - start)
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        # What came before is no part of it.
        torch.cuda.synchronize()
        start.record()
        work()
        end.record()
        end.synchronize()
        return start.elapsed_time(end)
