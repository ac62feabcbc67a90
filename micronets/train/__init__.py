"""Training: quantisation-aware, with a teacher, resumable."""

from micronets.train.train import train as train
from micronets.train.train import train_teacher as train_teacher
