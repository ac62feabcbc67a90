import numpy as np
import pytest
import soundfile

from micronets.data.speech.layout import find_background_noise, find_clips, hash_split
from micronets.errors import DataError

KEYWORDS = ("yes", "no")


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / path, np.zeros(10, np.int16), 16000)


@pytest.mark.parametrize(
    ("speakers", "split"),
    # where the lists of the official archive have these speakers, or do not have them
    [
        (("eb67fcbc", "f953e1af", "3bc21161", "da1d320c", "74551073"), "training"),
        (("fde2dee7", "099d52ad", "66cff190", "541120c7", "364c0853"), "validation"),
        (("0c40e715", "0ea0e2f4", "42beb5eb", "44260689", "022cd682"), "testing"),
    ],
)
def test_official_hash_split(speakers, split):
    assert {hash_split(f"{speaker}_nohash_1.wav") for speaker in speakers} == {split}


def test_hash_keeps_a_speaker_together_and_honours_the_shares():
    speakers = [f"{number:08x}" for number in range(4000)]
    splits = [hash_split(f"{speaker}_nohash_0.wav") for speaker in speakers]
    assert splits == [hash_split(f"{speaker}_nohash_7.wav") for speaker in speakers]
    for split in ("validation", "testing"):
        assert abs(splits.count(split) / len(splits) - 0.1) < 0.02
    assert {hash_split(f"{speaker}.wav", 0, 0) for speaker in speakers} == {"training"}
    assert {hash_split(f"{speaker}.wav", 100, 0) for speaker in speakers} == {"validation"}


def test_lists_decide_over_the_hash(tmp_path):
    touch(tmp_path, "yes/a_nohash_0.wav", "yes/b_nohash_0.wav", "no/a_nohash_1.wav", "bed/c_nohash_0.WAV")
    (tmp_path / "validation_list.txt").write_text("yes/a_nohash_0.wav\r\n\r\n")
    (tmp_path / "testing_list.txt").write_text("bed/c_nohash_0.WAV\nyes/gone_nohash_0.wav")
    clips = find_clips(tmp_path, KEYWORDS, 10, 10).clips
    assert clips["path"].is_monotonic_increasing
    assert dict(zip(clips["path"], clips["split"], strict=True)) == {
        "yes/a_nohash_0.wav": "validation",
        "yes/b_nohash_0.wav": "training",
        "no/a_nohash_1.wav": "training",
        "bed/c_nohash_0.WAV": "testing",
    }
    assert set(clips["speaker"]) == {"a", "b", "c"}


def test_without_lists_the_hash_decides(tmp_path):
    touch(tmp_path, "yes/0c40e715_nohash_0.wav", "no/fde2dee7_nohash_1.wav")
    clips = find_clips(tmp_path, KEYWORDS, 10, 10).clips.set_index("path")
    assert clips.loc["yes/0c40e715_nohash_0.wav", "split"] == "testing"
    assert clips.loc["no/fde2dee7_nohash_1.wav", "split"] == "validation"


def test_foreign_files_and_folders_are_passed_over(tmp_path):
    touch(tmp_path, "yes/a.wav", "no/a.wav", ".git/a.wav", "_background_noise_/hum.wav", "yes/.hidden.wav")
    (tmp_path / "yes" / "notes.txt").write_text("x")
    (tmp_path / "README.md").write_text("x")
    assert find_clips(tmp_path, KEYWORDS, 10, 10).clips["path"].tolist() == ["no/a.wav", "yes/a.wav"]
    assert find_background_noise(tmp_path) == ["_background_noise_/hum.wav"]
    assert find_background_noise(tmp_path / "yes") == []


def test_mistakes_are_named(tmp_path):
    with pytest.raises(DataError, match="no folder .*nowhere.*data.path"):
        find_clips(tmp_path / "nowhere", KEYWORDS, 10, 10)
    touch(tmp_path, "yes/a.wav")
    (tmp_path / "no").mkdir()
    with pytest.raises(DataError, match="no recordings of no;"):
        find_clips(tmp_path, KEYWORDS, 10, 10)
    touch(tmp_path, "no/a.wav")
    (tmp_path / "testing_list.txt").write_text("no/a.wav\n")
    with pytest.raises(DataError, match="no validation_list.txt"):
        find_clips(tmp_path, KEYWORDS, 10, 10)
    (tmp_path / "validation_list.txt").write_text("no/a.wav\n")
    with pytest.raises(DataError, match="no/a.wav is both"):
        find_clips(tmp_path, KEYWORDS, 10, 10)
    (tmp_path / "validation_list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="no UTF-8 text"):
        find_clips(tmp_path, KEYWORDS, 10, 10)
