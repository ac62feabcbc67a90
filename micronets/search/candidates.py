"""Networks scored with a supernet's shared weights, generation by generation; resumable after every one."""

import logging
from dataclasses import asdict

import numpy as np

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.progress import Progress
from micronets.search.budget import Budget
from micronets.search.evolution import Candidate, next_generation, ranked, run_generation
from micronets.search.options import EvolutionOptions
from micronets.search.proposals import Proposal
from micronets.search.sampling import Sampler
from micronets.search.scoring import HeldBackScore, Scorer
from micronets.search.supernet import Supernet

logger = logging.getLogger(__name__)

_CALIBRATION_EXAMPLES = 512
_STREAM = 0xE701


def score_generations(
    supernet: Supernet,
    options: EvolutionOptions,
    budget: Budget,
    batches: tuple[TrainingBatches, TrainingBatches],
    seed: int,
    checkpoint: Checkpoint,
    *,
    first: int,
    propose: Proposal,
    generations: int,
) -> list[Candidate]:
    """All networks that were scored, in order.

    Args:
        supernet: trained.
        batches: that the weights were trained on, and that networks are scored on.
        seed: of all draws.
        checkpoint: where the scores are kept after every generation.
        first: networks of the first generation, which `propose` gives; later ones are changed and crossed.
    """
    found: list[Candidate] = []
    state = checkpoint.load()
    if state is not None:
        found = [
            Candidate(**{**entry, "choice": tuple(entry["choice"]), "score": HeldBackScore(**entry["score"])})
            for entry in state[1]["candidates"]
        ]
        logger.info("going on after %d scored networks", len(found))
    scorer = _scorer(supernet, batches, options.examples)
    done = 1 + max((candidate.generation for candidate in found), default=-1)
    progress = Progress(logger, "generations", generations, done, interval_s=0.0)
    for generation in range(done, generations):
        generator = np.random.default_rng((seed, _STREAM, generation))
        sampler = Sampler(supernet.space, budget, generator)
        size = options.population if generation else first
        choices = next_generation(found, size, options.parents, sampler, generator, propose)
        found += run_generation(choices, generation, sampler, scorer.score)
        checkpoint.save({}, {"candidates": [asdict(candidate) for candidate in found]})
        best = ranked(found)[0]
        progress.advance(
            note=f"{len(found)} networks scored; best: loss {best.score.loss:.3f}, accuracy {best.score.accuracy:.1%}, "
            f"{best.use:.0%} of the budget"
        )
    return found


def _scorer(supernet: Supernet, batches: tuple[TrainingBatches, TrainingBatches], examples: int) -> Scorer:
    calibration, _ = first_examples(batches[0], _CALIBRATION_EXAMPLES)
    return Scorer(supernet, calibration, *first_examples(batches[1], examples))


def first_examples(batches: TrainingBatches, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """The first examples of the batches and their labels, epoch by epoch; always the same."""
    features: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    count, epoch = 0, 0
    while count < examples:
        for some, classes in batches.epoch(epoch):
            features.append(some)
            labels.append(classes)
            count += len(some)
            if count >= examples:
                break
        epoch += 1
    return np.concatenate(features)[:examples], np.concatenate(labels)[:examples]
