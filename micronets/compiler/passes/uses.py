"""Who makes and who reads a value."""

from micronets.compiler.steps import Program, Step, Value


def readers(program: Program, value: Value) -> list[Step]:
    """Steps that read the value's bytes, in any shape."""
    return [step for step in program.steps if any(v.storage is value.storage for v in step.inputs)]


def maker(program: Program, value: Value) -> Step | None:
    return next((step for step in program.steps if step.output.storage is value.storage), None)


def only_reader(program: Program, value: Value) -> Step | None:
    """The one step that reads the value, None where there are several or it is the network's output."""
    if value.storage is program.output.storage:
        return None
    steps = readers(program, value)
    return steps[0] if len(steps) == 1 else None


def replace_value(program: Program, old: Value, new: Value) -> None:
    """Lets every reader of `old`, and the network's output, use `new` (of the same size) instead."""
    for step in program.steps:
        step.inputs = [_redirect(value, old, new) for value in step.inputs]
    program.output = _redirect(program.output, old, new)


def _redirect(value: Value, old: Value, new: Value) -> Value:
    if value.storage is not old.storage:
        return value
    return new if value.shape == new.shape else new.viewed(value.shape)
