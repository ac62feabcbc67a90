"""A look at a folder of recordings of machines."""

import logging
from pathlib import Path

from micronets.data.machines.layout import check_clips, find_clips, label_of
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.prepare import SAMPLE_RATE_HZ, read_machine
from micronets.data.machines.views import VIEWS
from micronets.data.recording import ClipRejected
from micronets.proposal.commented_yaml import Line
from micronets.proposal.look import Look, counted, epochs, heard, lengths, path_lines, some, spread, unusable
from micronets.published import published_architecture

_LOOKED_AT = 200
_WANTED_WINDOWS = 300_000
_BATCH_SIZE = 256
_AUTOENCODER, _CLASSIFIER = "fc-ae", "micronet-ad-s"
_SEED = 1


def look(root: Path) -> Look:
    """See `propose`."""
    windows = VIEWS[published_architecture(_AUTOENCODER).input_shape]
    with heard(logging.INFO) as said:
        found = find_clips(root, (), MachineOptions().mimii_snr_db, _SEED)
    paths = spread(found["path"].tolist(), _LOOKED_AT)
    samples, rejected, conversions = [], [], []
    for path in paths:
        try:
            clip, converted = read_machine(root / path)
        except ClipRejected as reason:
            rejected.append((path, str(reason)))
            continue
        samples.append(len(clip))
        conversions += converted
    labels = label_of(found)
    normal, anomalous = (
        {label: int((labels[chosen] == label).sum()) for label in sorted(labels.unique())}
        for chosen in (~found["anomalous"], found["anomalous"])
    )
    lines = [
        f"machine ids: {len(normal)}; recordings: {len(found):,}",
        f"normal: {counted(normal)}; anomalous: {counted(anomalous)}",
        f"in the splits, before some are held back for validation: {counted(found['split'].value_counts().to_dict())}",
    ]
    if samples:
        lines.append(f"{some(len(paths), len(found))} {lengths([count / SAMPLE_RATE_HZ for count in samples])}")
    lines += [f"{conversions.count(how)} of them {how}" for how in sorted(set(conversions))]
    lines += [*unusable(rejected, len(paths), "recordings"), *said]
    if rejected:
        with heard(logging.ERROR):  # the warnings have been heard
            check_clips(root, found[~found["path"].isin({path for path, _ in rejected})])
    training = int((found["split"] == "training").sum())
    of_clip = sum(windows.windows(count) for count in samples) / max(len(samples), 1)
    train = (
        *epochs(round(of_clip * training), _WANTED_WINDOWS, _BATCH_SIZE, "windows of sound"),
        Line("learning_rate", 0.003),
        Line("weight_decay", 0.0),
        Line("dropout", 0.0),
        Line("augmentation", {"mixup_alpha": 0.0}, "mixed, it would hear what no machine sounds like"),
    )
    models = [Line(_AUTOENCODER, (Line("train", train),), "learns to give back normal sound: one machine is enough")]
    if len(normal) > 1:
        models.append(Line(f"# {_CLASSIFIER}", {}, f"or a network that learns to tell the {len(normal)} ids apart"))
    data = path_lines("folder", root, len(rejected), len(paths))
    return Look(tuple(lines), tuple(models), data, ())
