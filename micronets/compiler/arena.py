"""The memory plan of a program: lifetimes of its values, and where they and every step's scratch lie."""

from dataclasses import dataclass, replace

from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.offsets import ArenaOffsets, Buffer, Overlap, aligned, find_offsets
from micronets.compiler.steps import Program, Value


@dataclass(frozen=True)
class ArenaPlan:
    buffers: tuple[Buffer, ...]
    plan: ArenaOffsets
    offsets: dict[int, int]
    """id(storage value) -> offset."""
    scratch_offsets: tuple[int | None, ...]
    alive: tuple[tuple[int, ...], ...]
    """Of every step, the buffers that are alive while it runs; its scratch comes last."""

    def with_scratch(self, number: int, kernel: PlannedKernel, limit_bytes: int) -> "ArenaPlan | None":
        """The plan for a step's kernel that needs another scratch, all else in its place; None where it has no room.

        Args:
            number: of the step; its kernel had some scratch when the plan was made.
            limit_bytes: what the arena may grow to.
        """
        if not self._may_overlap(kernel):
            return None
        *others, index = self.alive[number]
        scratch = replace(self.buffers[index], size_bytes=kernel.scratch_bytes)
        taken = [(self.plan.offsets[i], self.plan.offsets[i] + aligned(self.buffers[i].size_bytes)) for i in others]
        offset = 0
        for begin, end in sorted(taken):
            if begin < offset + aligned(scratch.size_bytes) and offset < end:
                offset = end
        arena_bytes = max(self.plan.arena_bytes, offset + aligned(scratch.size_bytes))
        if arena_bytes > limit_bytes:
            return None
        offsets = (*self.plan.offsets[:index], offset, *self.plan.offsets[index + 1 :])
        return ArenaPlan(
            (*self.buffers[:index], scratch, *self.buffers[index + 1 :]),
            ArenaOffsets(offsets, arena_bytes),
            self.offsets,
            (*self.scratch_offsets[:number], offset, *self.scratch_offsets[number + 1 :]),
            self.alive,
        )

    def _may_overlap(self, kernel: PlannedKernel) -> bool:
        """Whether inputs and output lie as the kernel allows."""
        output = kernel.step.output.storage
        end = self.offsets[id(output)] + output.size_bytes
        for position, distance in kernel.overlaps().items():
            storage = kernel.step.inputs[position].storage
            if storage.constant is None and distance.exact is None:
                gap = self.offsets[id(storage)] - self.offsets[id(output)]
                apart = self.offsets[id(storage)] >= end or gap <= -storage.size_bytes
                if not apart and gap < distance.least:
                    return False
        return True


def plan_arena(program: Program, kernels: list[PlannedKernel]) -> ArenaPlan:
    first: dict[int, int] = {id(program.input.storage): 0}
    last: dict[int, int] = {}
    storages: dict[int, Value] = {id(program.input.storage): program.input.storage}
    for number, kernel in enumerate(kernels):
        for value in (*kernel.step.inputs, kernel.step.output):
            storage = value.storage
            if storage.in_arena:
                storages.setdefault(id(storage), storage)
                first.setdefault(id(storage), number)
                last[id(storage)] = number
    last[id(program.output.storage)] = len(kernels)
    last.setdefault(id(program.input.storage), 0)
    buffers = [Buffer(v.name, v.size_bytes, first[key], last[key]) for key, v in storages.items()]
    index = {key: i for i, key in enumerate(storages)}
    overlaps = []
    for number, kernel in enumerate(kernels):
        target = index.get(id(kernel.step.output.storage))
        if target is None:
            continue
        for position, distance in kernel.overlaps().items():
            storage = kernel.step.inputs[position].storage
            if kernel.step.inputs[position].is_part:
                continue
            shared = sum(value.storage is storage for value in kernel.step.inputs) > 1
            if storage.in_arena and last[id(storage)] == number and not shared:
                overlaps.append(Overlap(index[id(storage)], target, distance.least, distance.exact))
    scratch_index: list[int | None] = []
    for number, kernel in enumerate(kernels):
        if kernel.scratch_bytes:
            scratch_index.append(len(buffers))
            buffers.append(Buffer(f"scratch_{number}", kernel.scratch_bytes, number, number))
        else:
            scratch_index.append(None)
    plan = find_offsets(buffers, overlaps)
    return ArenaPlan(
        tuple(buffers),
        plan,
        {key: plan.offsets[i] for key, i in index.items()},
        tuple(None if i is None else plan.offsets[i] for i in scratch_index),
        _alive(buffers, len(kernels)),
    )


def _alive(buffers: list[Buffer], steps: int) -> tuple[tuple[int, ...], ...]:
    alive: list[list[int]] = [[] for _ in range(steps)]
    for i, buffer in enumerate(buffers):
        for step in range(buffer.first_step, min(buffer.last_step + 1, steps)):
            alive[step].append(i)
    return tuple(map(tuple, alive))
