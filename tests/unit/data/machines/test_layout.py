"""Recordings in the three layouts in which they are published, and in none."""

import shutil

import pytest

from micronets.data.machines.layout import find_clips
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.sources import expected_labels
from micronets.errors import DataError


def test_the_challenges_layout_says_everything(folder):
    clips = find_clips(folder, (), 6, 1)
    assert clips["path"].is_monotonic_increasing
    assert set(clips["machine"]) == {"rotor", "rail"} and set(clips["id"]) == {"00", "02"}
    for clip in clips.itertuples():
        assert clip.path.split("/")[0] == clip.machine
        assert clip.anomalous == ("anomaly" in clip.path)
        assert clip.split == ("training" if "/train/" in clip.path else "testing")
        assert f"_id_{clip.id}_" in clip.path
    assert set(find_clips(folder, ("rail",), 6, 1)["machine"]) == {"rail"}


def test_labels_are_known_before_the_data_stage(folder):
    assert expected_labels(MachineOptions("folder", str(folder))) == ("rail_00", "rail_02", "rotor_00", "rotor_02")
    generated = expected_labels(MachineOptions(machines=("rotor",)))
    assert generated == ("rotor_00", "rotor_02", "rotor_04")


def test_mimii_is_cut_as_the_challenge_cut_it(tmp_path, write_noise):
    for level in ("6_dB_slider", "-6_dB_slider"):
        for number in range(9):
            write_noise(tmp_path / level / "slider" / "id_04" / "normal" / f"{number:08d}.wav", channels=8)
        for number in range(3):
            write_noise(tmp_path / level / "slider" / "id_04" / "abnormal" / f"{number:08d}.wav", channels=8)
    clips = find_clips(tmp_path, (), -6, 1)
    assert clips["path"].str.startswith("-6_dB_slider/slider/id_04/").all()
    assert clips.groupby(["anomalous", "split"]).size().to_dict() == {
        (False, "testing"): 3,
        (False, "training"): 6,
        (True, "testing"): 3,
    }
    cuts = [tuple(find_clips(tmp_path, ("slider",), 6, seed)["split"]) for seed in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]
    with pytest.raises(DataError, match="slider several times, but not at data.mimii_snr_db = 0"):
        find_clips(tmp_path, (), 0, 1)
    shutil.move(tmp_path / "6_dB_slider" / "slider", tmp_path / "plain" / "slider")
    assert len(find_clips(tmp_path / "plain", (), 0, 1)) == 12


def test_of_toyadmos_the_first_channel_of_single_sounds_is_taken(tmp_path, write_noise):
    for case in (1, 3):
        for channel in (1, 2):
            for number in range(4):
                name = f"{number}_ToyCar_case{case}_normal_IND_ch{channel}_0001.wav"
                write_noise(tmp_path / "ToyCar" / f"case{case}" / "NormalSound_IND" / name)
            name = f"9_ToyCar_case{case}_ab01_IND_ch{channel}_0001.wav"
            write_noise(tmp_path / "ToyCar" / f"case{case}" / "AnomalousSound_IND" / name)
        write_noise(tmp_path / "ToyCar" / f"case{case}" / "NormalSound_CNT" / "1_normal_CNT_ch1_0001.wav")
    clips = find_clips(tmp_path, (), 6, 1)
    assert clips["path"].str.contains("_IND_ch1_").all() and set(clips["id"]) == {"01", "03"}
    assert clips.groupby(["split", "anomalous"]).size().to_dict() == {
        ("testing", False): 2,
        ("testing", True): 2,
        ("training", False): 6,
    }


def test_clips_of_the_evaluation_set_are_left_out(own_folder, write_noise, caplog):
    write_noise(own_folder / "rail" / "test" / "id_05_00000000.wav")
    assert len(find_clips(own_folder, (), 6, 1)) == 32
    assert "1 clips of" in caplog.text and "do not say whether they are normal" in caplog.text


def rename(folder, before, after):
    (folder / before).rename(folder / after)


@pytest.mark.parametrize(
    ("damage", "machines", "sentence"),
    [
        (shutil.rmtree, (), "there is no folder"),
        (lambda folder: [shutil.rmtree(folder / name) for name in ("rail", "rotor")], (), "has no machines in it"),
        (lambda folder: None, ("slider",), "has no slider, only rail, rotor"),
        (lambda folder: shutil.rmtree(folder / "rail" / "train"), (), "no normal clips of rail 00 to train on"),
        (
            lambda folder: rename(
                folder, "rail/test/anomaly_id_00_00000000.wav", "rail/train/anomaly_id_00_00000000.wav"
            ),
            (),
            "is anomalous, but training knows normal clips only",
        ),
        (
            lambda folder: rename(folder, "rail/test/anomaly_id_00_00000000.wav", "rail/test/0.wav"),
            (),
            "is not named like normal_id_00_00000000.wav",
        ),
        (
            lambda folder: (
                [path.unlink() for path in folder.rglob("*_0000000[1-9].wav")]
                + [shutil.rmtree(folder / name / "test") for name in ("rail", "rotor")]
            ),
            (),
            "has 4 clips, too few to learn from some and to test others",
        ),
    ],
)
def test_folders_that_cannot_be_used_get_one_sentence(own_folder, damage, machines, sentence):
    damage(own_folder)
    with pytest.raises(DataError, match=sentence) as caught:
        find_clips(own_folder, machines, 6, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "machine", "ids"),
    [
        ({"normal/a {}.wav": 10, "abnormal/b{}.WAV": 4}, "clips", {"00"}),
        ({"pump/normal/{}.flac": 10, "pump/anomaly/{}.flac": 4}, "pump", {"00"}),
        ({"pump/hall_2/normal/{}.wav": 10, "pump/hall_2/anomalous/deep/{}.wav": 4}, "pump", {"hall-2"}),
        ({"pump/id_east/normal/{}.wav": 10, "pump/id_east/abnormal/{}.wav": 4}, "pump", {"east"}),
        (
            {
                "pump/train/normal_id_A7_{}.wav": 6,
                "pump/test/normal_id_A7_9{}.wav": 4,
                "pump/test/anomaly_id_A7_{}.wav": 4,
            },
            "pump",
            {"A7"},
        ),
    ],
)
def test_machines_of_ones_own_in_simpler_layouts(tmp_path, write_noise, files, machine, ids):
    for name, count in files.items():
        for number in range(count):
            write_noise(tmp_path / "clips" / name.format(number), seconds=0.1)
            write_noise((tmp_path / "clips" / name).parent / f"._{number}.wav", seconds=0.1)
    clips = find_clips(tmp_path / "clips", (), 6, 1)
    assert set(clips["machine"]) == {machine} and set(clips["id"]) == ids
    assert clips.groupby(["split", "anomalous"]).size().to_dict() == {
        ("testing", False): 4,
        ("testing", True): 4,
        ("training", False): 6,
    }


@pytest.mark.parametrize("name", ["{}.wav", "normal/{}.wav", "pump/{}.wav", "pump/train/normal_id_00_{}.wav"])
def test_normal_clips_alone_suffice(tmp_path, write_noise, caplog, name):
    for number in range(10):
        write_noise(tmp_path / name.format(number), seconds=0.1)
    clips = find_clips(tmp_path, (), 6, 1)
    assert clips.groupby("split").size().to_dict() == {"testing": 2, "training": 8} and not clips["anomalous"].any()
    assert "normal clips suffice to learn" in caplog.text
