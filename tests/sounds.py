"""Sound for tests: words of half a second with breaths between them, as a file that a person would bring."""

from __future__ import annotations

import io

import numpy as np
import soundfile


def a_voice(seconds: float = 8, rate: int = 22_050) -> bytes:
    at = np.arange(int(seconds * rate)) / rate
    spoken = 0.3 * np.sin(2 * np.pi * 220 * at) * (at % 0.75 < 0.5)
    file = io.BytesIO()
    soundfile.write(file, spoken, rate, format="WAV")
    return file.getvalue()
