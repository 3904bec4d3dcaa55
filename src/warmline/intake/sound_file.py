"""A sound file as it is kept and hosted: WAV, mono, 16 bit, 16 kHz, whatever a person brought.

libsndfile (soundfile) reads WAV, MP3, FLAC, OGG and AIFF and nothing is run outside this process; soxr changes the rate without
aliasing. Both are small wheels with no further programs; ffmpeg would read more and has to be installed and kept safe.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import soundfile
import soxr

from warmline.core.sound import LONGEST, Samples, judge

from .sound_limits import LARGEST

RATE = 16_000
#: Read no further than this into a file that claims to hold hours.
LONGEST_READ = 5 * LONGEST
TOO_LONG = f"It is longer than {LONGEST_READ / 60:g} minutes; nobody listens to more than {LONGEST:g} s. Say less."
MOST_CHANNELS = 2
#: So many frames has a file whose header does not say: the largest number there is.
NOT_SAID = 2**62
FORMATS = frozenset({"WAV", "WAVEX", "MP3", "FLAC", "OGG", "AIFF"})
BRING = "Bring WAV, MP3, FLAC or OGG."


class UnfitError(Exception):
    """It can't be used. The texts say what is wrong with it and what to do, one for each problem."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Sound:
    wav: bytes
    seconds: float
    trimmed: float  # seconds of silence that were taken off its ends
    sha256: str


def read_sound(content: bytes) -> Sound:
    """Raises UnfitError."""
    judged = judge(_read(content), RATE)
    if judged.problems:
        raise UnfitError(*judged.problems)
    wav = _wav(judged.samples)
    return Sound(wav, judged.seconds, judged.trimmed, sha256(wav).hexdigest())


def _read(content: bytes) -> Samples:
    """One channel at RATE."""
    if not content:
        raise UnfitError("The file is empty. " + BRING)
    if len(content) > LARGEST:
        raise UnfitError(f"The file is larger than {LARGEST // 2**20} MB. Bring it as MP3, or cut it to a minute.")
    if content[4:8] == b"ftyp":
        raise UnfitError("M4A and MP4 can't be read here. Export it as WAV or MP3 and bring that.")
    if content[:4] == b"\x1aE\xdf\xa3":
        raise UnfitError("WebM can't be read here. Export it as WAV or MP3 and bring that.")
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            _look_at_header(file)
            return np.concatenate(list(_blocks(file)))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise UnfitError("This is no sound file that can be read. " + BRING) from error


def _look_at_header(file: soundfile.SoundFile) -> None:
    """Half a megabyte of silence may claim hours on many channels: what it claims is refused before it is unpacked."""
    rate = int(file.samplerate)
    if file.format not in FORMATS:
        raise UnfitError(f"{file.format} is not taken. " + BRING)
    if not 8_000 <= rate <= 192_000:
        raise UnfitError(f"Its sample rate is {rate} Hz; 8,000 to 192,000 can be read. Record it at 16,000 or more.")
    if file.channels > MOST_CHANNELS:
        raise UnfitError(f"It has {file.channels} channels. Export it as mono or stereo and bring that.")
    if LONGEST_READ * rate < file.frames < NOT_SAID:
        raise UnfitError(TOO_LONG)


def _blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Mixed down and brought to RATE a second at a time, so that no more of a large file is in memory at once. A header
    may claim less than the file holds, so it is counted all the same."""
    rate = int(file.samplerate)
    # soundfile seeks between two reads, which MP3 can't do to the sample; its rates are low enough to read it at once.
    size = int(LONGEST_READ * rate) + 1 if file.format == "MP3" else rate
    at_rate = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ") if rate != RATE else None
    read = 0
    while read <= LONGEST_READ * rate:
        found = file.read(size, dtype="float32", always_2d=True)
        if not np.all(np.isfinite(found)):
            raise UnfitError("The file is damaged: it holds samples that are no numbers. Export it again.")
        mono: Samples = found.mean(axis=1, dtype=np.float32)
        read += len(found)
        last = len(found) < size
        yield mono if at_rate is None else at_rate.resample_chunk(mono, last=last)
        if last:
            return
    raise UnfitError(TOO_LONG)


def _wav(samples: Samples) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
