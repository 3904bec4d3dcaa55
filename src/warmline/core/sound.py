"""Is this recording fit for a mailbox? Pure: samples in, samples and findings out.

Samples are one channel of 32-bit floats between -1 and 1. Loudness is in dB below full scale (dBFS), measured over frames
of 20 ms. Nothing is made louder or cleaned: what does not do is said, and the person records it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]

FRAME = 0.02
#: Slybroadcast takes nothing of five seconds or less; a minute is more than anybody listens to.
SHORTEST, LONGEST = 5.0, 60.0
#: A frame this far below the loud ones, or this quiet at all, is silence.
BELOW_SPEECH, SILENT = 35.0, -55.0
#: Silence left at both ends, so that no first or last sound is cut.
KEPT = 0.25
#: A mailbox takes a long pause for the end of the message.
LONGEST_PAUSE = 3.0
QUIETEST = -36.0
#: So many samples in a row at full scale are a cut-off wave; so large a share of them is heard.
CUT_RUN, CUT_SHARE = 3, 0.001
_FULL = 0.999


@dataclass(frozen=True, slots=True)
class Judged:
    """`samples` without the silence at the ends. `problems`: what is wrong and what to do; none: it is fit."""

    samples: Samples
    seconds: float
    trimmed: float  # seconds of silence taken off
    problems: tuple[str, ...]


def judge(samples: Samples, rate: int) -> Judged:
    levels = _levels(samples, rate)
    heard = np.flatnonzero(levels > _threshold(levels))
    if not heard.size:
        return Judged(
            samples, len(samples) / rate, 0.0, ("Nothing can be heard in it. Check the microphone and record again.",)
        )
    first = max(int(heard[0] * FRAME * rate) - int(KEPT * rate), 0)
    last = min(int((heard[-1] + 1) * FRAME * rate) + int(KEPT * rate), len(samples))
    spoken = samples[first:last]
    seconds = len(spoken) / rate
    problems = [
        *_length(seconds),
        *_loudness(levels[heard]),
        *_pauses(heard, heard[0]),
        *_cut_off(spoken),
    ]
    return Judged(spoken, seconds, (len(samples) - len(spoken)) / rate, tuple(problems))


def _levels(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """dBFS of each whole frame."""
    size = max(int(FRAME * rate), 1)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    power = np.mean(np.square(frames - frames.mean(axis=1, keepdims=True)), axis=1) if len(frames) else np.zeros(0)
    levels: npt.NDArray[np.float64] = 10 * np.log10(power + 1e-12)
    return levels


def _threshold(levels: npt.NDArray[np.float64]) -> float:
    loud = float(np.percentile(levels, 95)) if levels.size else SILENT
    return max(loud - BELOW_SPEECH, SILENT)


def _length(seconds: float) -> list[str]:
    if seconds <= SHORTEST:
        said = f"It is {seconds:.1f} s long without the silence at its ends, and must be more than {SHORTEST:g} s."
        return [f"{said} Say a little more."]
    if seconds > LONGEST:
        return [f"It is {seconds:.0f} s long; nobody listens to more than {LONGEST:g} s. Say less."]
    return []


def _loudness(levels: npt.NDArray[np.float64]) -> list[str]:
    speech = float(10 * np.log10(np.mean(10 ** (levels / 10))))
    if speech < QUIETEST:
        return [
            f"It is too quiet ({speech:.0f} dB, at least {QUIETEST:.0f} are needed). Speak closer to the microphone."
        ]
    return []


def _pauses(heard: npt.NDArray[np.intp], begins: np.intp) -> list[str]:
    """Pauses between frames with sound, told by where they are in the trimmed recording."""
    gaps = np.diff(heard)
    if not gaps.size or gaps.max() * FRAME <= LONGEST_PAUSE:
        return []
    at = int(np.argmax(gaps))
    start = float(heard[at] - begins) * FRAME + KEPT
    length = float(gaps[at]) * FRAME
    return [
        f"There is a pause of {length:.1f} s at {start:.1f} s; a mailbox takes that for the end. Record it without."
    ]


def _cut_off(samples: Samples) -> list[str]:
    """Waves cut off at full scale: a run of samples there, not a single peak."""
    full = np.abs(samples) >= _FULL
    edges = np.flatnonzero(np.diff(np.concatenate(([False], full, [False])).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    share = float(runs[runs >= CUT_RUN].sum()) / len(samples)
    if share > CUT_SHARE:
        return [f"It is distorted: {share:.1%} of it is cut off by too high a level. Turn the microphone down."]
    return []
