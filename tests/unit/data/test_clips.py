import numpy as np
import soundfile

from micronets.data.clips import loudest, read_clips


def test_clips_are_padded_cut_and_sorted_out(tmp_path):
    quiet = np.ones(1600, np.int16)
    loud = np.tile(np.array([900, -900], np.int16), 400)
    recordings = {"short": loud, "exact": np.tile(loud, 2), "long": np.concatenate([quiet, loud, loud, quiet])}
    for name, samples in recordings.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 16000, subtype="PCM_16")
    (tmp_path / "bad.wav").write_bytes(b"")
    soundfile.write(tmp_path / "click.wav", loud[:799], 16000, subtype="PCM_16")
    clips = read_clips(tmp_path, ["short.wav", "bad.wav", "exact.wav", "long.wav", "click.wav"], 16000, 1600)
    assert clips.usable == [0, 2, 3]
    assert clips.samples == [800, 1600, 4800]
    assert clips.conversions == {"cut to their loudest part": 1}
    np.testing.assert_array_equal(clips.audio[0], np.concatenate([loud, np.zeros(800, np.int16)]))
    np.testing.assert_array_equal(clips.audio[1], recordings["exact"])
    np.testing.assert_array_equal(clips.audio[2], recordings["exact"])
    assert clips.rejected == [
        ("bad.wav", "unreadable: the file has no bytes"),
        ("click.wav", "too short: 49.9 ms, less than 50 ms"),
    ]


def test_the_loudest_part_is_that_of_greatest_energy_not_of_greatest_offset():
    samples = np.full(1000, 500, np.int16)
    samples[600:640] += np.tile(np.array([300, -300], np.int16), 20)
    kept = loudest(samples, 100)
    first = 600 - int(np.flatnonzero(kept != 500)[0])
    assert np.array_equal(kept, samples[first : first + 100]) and np.count_nonzero(kept != 500) == 40
    assert 560 < first < 590  # in the middle of the stretches that hold all of it
    assert np.array_equal(loudest(samples[:100], 100), samples[:100])
