"""A look at a folder of recordings of words."""

import logging
from dataclasses import replace
from pathlib import Path

import pandas as pd

from micronets.data.clips import read_clips
from micronets.data.speech.layout import ALL_FOLDERS, NO_FOLDERS, OTHER_FOLDERS, find_clips, find_vocabulary
from micronets.data.speech.noise import background_noise
from micronets.data.speech.oddities import check_counts
from micronets.data.speech.sources import SpeechOptions
from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.features.mfcc import MfccParameters
from micronets.proposal.commented_yaml import Line
from micronets.proposal.look import (
    Look,
    batch_size,
    counted,
    epochs,
    heard,
    lengths,
    path_lines,
    some,
    spread,
    unusable,
)

_LOOKED_AT = 1000
_WANTED_EXAMPLES = 30_000
_MANY_WORDS = 8


def look(root: Path, keywords: tuple[str, ...]) -> Look:
    """See `propose`.

    Args:
        keywords: words to spot; empty: the ten of Speech Commands where all of them are there, otherwise all words.
    """
    features = MfccParameters()
    defaults = SpeechOptions(source="folder", path=str(root), keywords=keywords or ALL_FOLDERS)
    with heard(logging.INFO) as said:
        words = find_vocabulary(root, ALL_FOLDERS, NO_FOLDERS).keywords
        official = not keywords and set(TEN_WORDS) <= set(words)
        chosen = keywords or (TEN_WORDS if official else words)
        found = find_clips(root, chosen, defaults.validation_percent, defaults.testing_percent, OTHER_FOLDERS)
        paths = spread(found.clips["path"].tolist(), _LOOKED_AT)
        clips = read_clips(root, paths, features.sample_rate_hz, features.clip_samples)
        rejected = {path for path, _ in clips.rejected}
        usable = found.clips[~found.clips["path"].isin(rejected)]
        noise = background_noise(root, features, 1, required=True)
        lines = [
            f"{len(words)} words, {len(found.clips):,} recordings: {counted(_per_word(found.clips))}",
            f"split by {found.splits_from}: {counted(found.clips['split'].value_counts().to_dict())}",
        ]
        if clips.samples:
            seconds = [count / features.sample_rate_hz for count in clips.samples]
            lines.append(f"{some(len(paths), len(found.clips))} {lengths(seconds)}")
        lines += [f"{count} of them {how}" for how, count in sorted(clips.conversions.items())]
        lines += unusable([*clips.rejected, *noise.rejected], len(paths) + noise.read, "recordings")
        check_counts(root, replace(found, clips=usable), "usable recordings")
    unknown = found.vocabulary.has_unknown
    training = usable[usable["split"] == "training"]
    of_keywords = int(training["word"].isin(found.vocabulary.keywords).sum())
    shares = (10, 10) if len(chosen) >= _MANY_WORDS else (100, 30)
    examples = of_keywords * (100 + shares[0] * unknown + shares[1]) // 100
    why_chosen = "as you named them" if keywords else "Speech Commands' ten" if official else "every folder"
    data = [
        *path_lines("folder", root, len(rejected), len(paths)),
        Line("keywords", list(found.vocabulary.keywords), f"{why_chosen}; words that you take out become others"),
        Line("unknown", OTHER_FOLDERS if unknown else NO_FOLDERS, _why_unknown(unknown)),
        Line("unknown_percent", shares[0], "of the recordings of keywords, in every split"),
        Line(
            "silence_percent", shares[1], "likewise; " + ("of _background_noise_" if noise.read else "generated noise")
        ),
    ]
    train = (
        *epochs(examples, _WANTED_EXAMPLES, batch_size(examples), "clips"),
        Line("distillation", {"weight": 0}, "0.8 with a teacher, better and slower: config/speech_commands.yaml"),
    )
    further = (Line("spot", {"minutes": 1, "threshold": 0.5}, "of snakemake spot; higher, where it hears too much"),)
    models = (Line("ds-cnn-s", {}, "small; micronet-kws-s and -m are better and slower"),)
    return Look((*lines, *said), models, tuple(data), train, further)


def _per_word(clips: pd.DataFrame) -> dict[str, int]:
    return clips["word"].value_counts().sort_index().to_dict()


def _why_unknown(unknown: bool) -> str:
    if unknown:
        return "all other folders; or a list of some, or none"
    return "other words are taken for keywords; add folders of some, and write others"
