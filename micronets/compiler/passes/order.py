"""The order of execution: drops steps nobody needs, and orders branches for the least memory alive at once."""

from bisect import insort

from micronets.compiler.steps import Program, Step, Value


def drop_unused(program: Program) -> None:
    """Removes steps whose output neither another step nor the network's output needs."""
    needed = {id(program.output.storage), *(id(state) for state in program.states)}
    kept: list[Step] = []
    for step in reversed(program.steps):
        if id(step.output.storage) in needed:
            kept.append(step)
            needed.update(id(value.storage) for value in step.inputs)
        elif step.operators:
            program.notes.append(f"dropped operator {step.operators[0]}, which nothing reads")
    program.steps = kept[::-1]


def order_steps(program: Program) -> None:
    """Runs, of the steps that are ready, the one that leaves the least memory alive, of equals the first or the last;
    kept if the peak is lower, or the same for less memory over all steps."""
    ordered = min((_greedy(program, -1), _greedy(program, 1)), key=lambda steps: _alive_bytes(program, steps))
    if _alive_bytes(program, ordered) < _alive_bytes(program, program.steps):
        program.steps = ordered
        program.notes.append("reordered the branches for less memory alive at once")


def _storages(step: Step) -> dict[int, Value]:
    return {id(v.storage): v.storage for v in step.inputs if v.in_arena}


class _Waiting:
    """Steps that have not run, by their place in the program, and what they wait for."""

    def __init__(self, program: Program) -> None:
        self._steps = program.steps
        self.storages = [_storages(step) for step in program.steps]
        made = id(program.input.storage)
        self._unmade = [len(storages) - (made in storages) for storages in self.storages]
        self._readers: dict[int, list[int]] = {}
        self._state_reads: dict[int, int] = {}
        for number, step in enumerate(program.steps):
            for key in self.storages[number]:
                self._readers.setdefault(key, []).append(number)
            for key in _states(step):
                self._state_reads[key] = self._state_reads.get(key, 0) + 1
        self._made = {made}
        self._ready = [number for number, unmade in enumerate(self._unmade) if unmade == 0]

    def ready(self) -> list[int]:
        """Whose inputs are made, but for those that write to a state which others have yet to read."""
        return [number for number in self._ready if not self._overwrites(self._steps[number])]

    def _overwrites(self, step: Step) -> bool:
        key = id(step.output.storage)
        return not step.output.in_arena and self._state_reads.get(key, 0) > (key in _states(step))

    def run(self, number: int) -> None:
        self._ready.remove(number)
        step = self._steps[number]
        for key in _states(step):
            self._state_reads[key] -= 1
        key = id(step.output.storage)
        if key in self._made:
            return
        self._made.add(key)
        for reader in self._readers.get(key, []):
            self._unmade[reader] -= 1
            if self._unmade[reader] == 0:
                insort(self._ready, reader)


def _states(step: Step) -> set[int]:
    """What the step reads outside of the arena."""
    return {id(value.storage) for value in step.inputs if not value.in_arena}


def _greedy(program: Program, turn: int) -> list[Step]:
    waiting = _Waiting(program)
    uses: dict[int, int] = {id(program.output.storage): 1}
    for storages in waiting.storages:
        for key in storages:
            uses[key] = uses.get(key, 0) + 1

    def growth(number: int) -> int:
        step = program.steps[number]
        freed = sum(value.size_bytes for key, value in waiting.storages[number].items() if uses[key] == 1)
        return (step.output.size_bytes if step.output.in_arena else 0) - freed

    ordered: list[Step] = []
    while len(ordered) < len(program.steps):
        chosen = min(waiting.ready()[::turn], key=growth)
        waiting.run(chosen)
        ordered.append(program.steps[chosen])
        for key in waiting.storages[chosen]:
            uses[key] -= 1
    return ordered


def _alive_bytes(program: Program, steps: list[Step]) -> tuple[int, int]:
    """What is alive during a step, without any overlap: at most, and over all steps."""
    last: dict[int, int] = {id(program.output.storage): len(steps)}
    for number, step in enumerate(steps):
        for key in _storages(step):
            last[key] = max(last.get(key, 0), number)
    alive = {id(program.input.storage): program.input.size_bytes}
    peak = total = 0
    for number, step in enumerate(steps):
        alive[id(step.output.storage)] = step.output.storage.size_bytes if step.output.in_arena else 0
        peak = max(peak, sum(alive.values()))
        total += sum(alive.values())
        alive = {key: size for key, size in alive.items() if last.get(key, -1) > number}
    return peak, total
