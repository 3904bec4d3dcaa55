"""Files as people bring them: what is read, what is kept of it, and what is said of the rest."""

import io
import os
import tracemalloc

import numpy as np
import pytest
import soundfile

from warmline.intake.sound_file import RATE, UnfitError, read_sound
from warmline.intake.sound_limits import LARGEST


def file(format: str, rate: int = 44_100, channels: int = 2, subtype: str | None = None, seconds: float = 8) -> bytes:
    """Tones of 440 Hz, of one loudness on all channels."""
    at = np.arange(int(seconds * rate)) / rate
    samples = np.repeat((0.3 * np.sin(2 * np.pi * 440 * at))[:, None], channels, axis=1)
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=format, subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format", "rate", "channels", "subtype"),
    [
        ("WAV", 44_100, 2, "PCM_16"),
        ("WAV", 8_000, 1, "ULAW"),
        ("WAV", 96_000, 2, "FLOAT"),
        ("WAV", 16_000, 1, "PCM_24"),
        ("FLAC", 48_000, 2, "PCM_24"),
        ("OGG", 48_000, 1, "VORBIS"),
        ("OGG", 48_000, 1, "OPUS"),
        ("MP3", 44_100, 2, "MPEG_LAYER_III"),
    ],
)
def test_what_people_bring_becomes_one_kind_of_wav_with_the_same_sound(
    format: str, rate: int, channels: int, subtype: str
) -> None:
    sound = read_sound(file(format, rate, channels, subtype))
    assert sound.seconds == pytest.approx(8, abs=0.2)
    with soundfile.SoundFile(io.BytesIO(sound.wav)) as kept:
        assert (kept.format, kept.subtype, kept.samplerate, kept.channels) == ("WAV", "PCM_16", RATE, 1)
        samples = kept.read()
    spectrum = np.abs(np.fft.rfft(samples[RATE : 3 * RATE] * np.hanning(2 * RATE)))
    assert np.argmax(spectrum) / 2 == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(samples[RATE : 3 * RATE] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_a_tone_above_what_the_rate_can_hold_does_not_come_back_as_another() -> None:
    at = np.arange(8 * 48_000) / 48_000
    mixed = 0.3 * np.sin(2 * np.pi * 440 * at) + 0.3 * np.sin(2 * np.pi * 15_000 * at)
    out = io.BytesIO()
    soundfile.write(out, mixed, 48_000, format="WAV")
    samples, _ = soundfile.read(io.BytesIO(read_sound(out.getvalue()).wav))
    spectrum = np.abs(np.fft.rfft(samples[RATE : 3 * RATE] * np.hanning(2 * RATE)))
    assert spectrum[2 * 1_000 - 50 : 2 * 1_000 + 50].max() < spectrum.max() / 300, (
        "15 kHz folds to 1 kHz at a rate of 16"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"ID3" + bytes(5000), "no sound file"),
        (b"Hello, this is a text and not a voice. " * 50, "no sound file"),
        (os.urandom(4096), "no sound file"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(100), "Export it as WAV or MP3"),
        (b"\x1aE\xdf\xa3" + bytes(100), "WebM"),
        (file("WAV")[:40], "can be"),
        (file("WAV", rate=4_000), "4000 Hz"),
        (file("AU"), "AU is not taken"),
        (file("WAV", rate=8_000, channels=1, seconds=301), "longer than 5 minutes"),
        (file("WAV", seconds=3), "3.0 s long"),
        (bytes(LARGEST + 1), "larger than 25 MB"),
    ],
)
def test_what_can_not_be_used_is_refused_with_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        read_sound(content)
    assert said in str(unfit.value)


def packed(seconds: int, rate: int, channels: int) -> bytes:
    """Silence, which FLAC packs to next to nothing."""
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, channels, subtype="PCM_24", format="FLAC") as flac:
        for _ in range(seconds):
            flac.write(np.zeros((rate, channels), dtype=np.float32))
    return out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "channels", "said"),
    [(20, 8, "mono or stereo"), (310, 1, "longer than 5 minutes"), (100, 2, "Nothing can be heard")],
)
def test_a_small_file_that_claims_hours_or_many_channels_takes_no_memory(
    seconds: int, channels: int, said: str
) -> None:
    content = packed(seconds, 96_000, channels)
    assert len(content) < LARGEST / 10
    tracemalloc.start()
    try:
        with pytest.raises(UnfitError, match=said):
            read_sound(content)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_samples_that_are_no_numbers_are_refused() -> None:
    out = io.BytesIO()
    soundfile.write(out, np.full(8 * RATE, np.nan), RATE, format="WAV", subtype="FLOAT")
    with pytest.raises(UnfitError, match="damaged"):
        read_sound(out.getvalue())
