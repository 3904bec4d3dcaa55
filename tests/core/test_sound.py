"""Whether a recording is fit, told from samples that are made here: tones, silence, noise."""

import numpy as np
import pytest

from warmline.core.sound import KEPT, Samples, judge

RATE = 16_000


def tone(seconds: float, level: float = -12.0) -> Samples:
    """A sine of 200 Hz whose loudness is `level` dBFS."""
    at = np.arange(int(seconds * RATE)) / RATE
    return (np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 200 * at)).astype(np.float32)


def silence(seconds: float, level: float = -80.0) -> Samples:
    """What a quiet room leaves in a recording."""
    noise = np.random.default_rng(7).standard_normal(int(seconds * RATE))
    return (10 ** (level / 20) * noise).astype(np.float32)


def speech(seconds: float) -> Samples:
    """Words of half a second with breaths between them."""
    word = np.concatenate([tone(0.5), silence(0.25)])
    return np.resize(word, int(seconds * RATE))


def words(samples: Samples) -> str:
    return " ".join(judge(samples, RATE).problems)


def test_words_with_breaths_between_them_are_fit_and_stay_as_they_are() -> None:
    given = speech(20)
    judged = judge(given, RATE)
    assert judged.problems == ()
    assert judged.seconds == pytest.approx(20, abs=0.3)
    np.testing.assert_array_equal(judged.samples, given[: len(judged.samples)])


def test_silence_at_both_ends_is_cut_off_but_for_a_breath() -> None:
    judged = judge(np.concatenate([silence(3), tone(8), silence(5)]), RATE)
    assert judged.problems == ()
    assert judged.seconds == pytest.approx(8 + 2 * KEPT, abs=0.05)
    assert judged.trimmed == pytest.approx(8 - 2 * KEPT, abs=0.05)


def test_a_room_that_hums_is_not_taken_for_speech() -> None:
    hum = silence(16, -52)
    given = hum.copy()
    given[3 * RATE : 11 * RATE] += tone(8)
    assert judge(given, RATE).seconds == pytest.approx(8.5, abs=0.1)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(4.4, "4.9 s long"), (4.49, "5.0 s long"), (70, "70 s long; nobody listens to more than 60 s")],
)
def test_what_is_too_short_or_too_long_is_said_with_its_length(seconds: float, said: str) -> None:
    assert said in words(np.concatenate([silence(2), tone(seconds), silence(2)]))


@pytest.mark.parametrize("seconds", [5.1, 60])
def test_the_limits_themselves_are_kept(seconds: float) -> None:
    assert words(tone(seconds)) == ""


def test_silence_is_no_recording() -> None:
    for given in (
        silence(10),
        np.zeros(10 * RATE, np.float32),
        np.zeros(0, np.float32),
        np.full(10 * RATE, 0.4, np.float32),
    ):
        assert "Nothing can be heard" in words(given)


def test_what_is_too_quiet_is_said() -> None:
    assert "too quiet (-40 dB" in words(tone(8, -40))
    assert words(tone(8, -35)) == ""


def test_a_long_pause_is_said_with_its_place() -> None:
    said = words(np.concatenate([silence(1), tone(6), silence(4), tone(6)]))
    assert "a pause of 4.0 s at 6.2 s" in said
    assert words(np.concatenate([tone(6), silence(2.5), tone(6)])) == ""


def test_a_wave_cut_off_at_full_scale_is_distorted_and_a_single_peak_is_not() -> None:
    assert "distorted" in words(np.clip(tone(8, -3) * 2, -1, 1))
    peaks = tone(8)
    peaks[:: RATE // 4] = 1.0
    assert words(peaks) == ""


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(judge(np.concatenate([tone(40, -40), silence(5), tone(40, -40)]), RATE).problems) == 3
