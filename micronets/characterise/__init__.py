"""How latency follows from a network's shape: random networks, measured on the emulator, and fitted."""

from micronets.characterise.comparison import compare as compare
from micronets.characterise.stage import characterise as characterise
