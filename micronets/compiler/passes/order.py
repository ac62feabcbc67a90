"""The order of execution: drops steps nobody needs, and orders branches for the least memory alive at once."""

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


def _waits(step: Step, waiting: list[Step]) -> bool:
    """Whether the step writes to a state that others have yet to read."""
    if step.output.in_arena:
        return False
    state = step.output.storage
    return any(value.storage is state for other in waiting if other is not step for value in other.inputs)


def _greedy(program: Program, turn: int) -> list[Step]:
    waiting = list(program.steps)
    uses: dict[int, int] = {id(program.output.storage): 1}
    for step in waiting:
        for key in _storages(step):
            uses[key] = uses.get(key, 0) + 1
    made = {id(program.input.storage)}
    ordered: list[Step] = []
    while waiting:
        ready = [step for step in waiting if all(key in made for key in _storages(step)) and not _waits(step, waiting)]

        def growth(step: Step) -> int:
            freed = sum(value.size_bytes for key, value in _storages(step).items() if uses[key] == 1)
            return (step.output.size_bytes if step.output.in_arena else 0) - freed

        chosen = min(ready[::turn], key=growth)
        waiting.remove(chosen)
        ordered.append(chosen)
        made.add(id(chosen.output.storage))
        for key in _storages(chosen):
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
