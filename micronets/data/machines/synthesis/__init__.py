"""Generated machines, rotating and sliding, for runs without any download."""

from micronets.data.machines.synthesis.recordings import (
    MACHINES,
    GeneratedOptions,
    generate_machines,
    identity_name,
)

__all__ = ["MACHINES", "GeneratedOptions", "generate_machines", "identity_name"]
