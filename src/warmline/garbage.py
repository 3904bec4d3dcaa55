"""Python's collector of cycles, in processes that work through many leads."""

from __future__ import annotations

import gc


def calm_the_collector() -> None:
    """A batch makes tens of thousands of short-lived values and no cycles: let Python look for cycles less often.

    Measured: a sixth of the tick's time went into it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
