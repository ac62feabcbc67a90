"""Who makes and who reads a value."""

from micronets.compiler.steps import Program, Step, Value


class Uses:
    """Of every value of a program as it stands: whoever changes the program asks another one from then on."""

    def __init__(self, program: Program) -> None:
        self._output = program.output.storage
        self._readers: dict[int, list[Step]] = {}
        self._makers: dict[int, Step] = {}
        for step in program.steps:
            for key in dict.fromkeys(id(value.storage) for value in step.inputs):
                self._readers.setdefault(key, []).append(step)
            self._makers.setdefault(id(step.output.storage), step)

    def readers(self, value: Value) -> list[Step]:
        """Steps that read the value's bytes, in any shape."""
        return self._readers.get(id(value.storage), [])

    def maker(self, value: Value) -> Step | None:
        return self._makers.get(id(value.storage))

    def only_reader(self, value: Value) -> Step | None:
        """The one step that reads the value, None where there are several or it is the network's output."""
        if value.storage is self._output:
            return None
        steps = self.readers(value)
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
