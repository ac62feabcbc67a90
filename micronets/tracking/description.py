"""A model's run in a sentence."""

from typing import Any

SCORES = ("accuracy", "auc")
"""What a model's score is called, by task."""


def describe(data: Any) -> str:
    """What the model is, how good, and what it costs on every board, from the parameters, metrics and tags of its run.

    Args:
        data: `mlflow.entities.RunData`.
    """
    tags, params, metrics = data.tags, data.params, data.metrics
    model, task = tags.get("model", ""), tags.get("task", "")
    if tags.get("kind") == "teacher":
        return f"Teacher {model} of the task {task}: a float network that others learn from, never built for a board."
    origin = ""
    if "search.board" in params:
        mops = params.get("search.max_mops", "0")
        limit = f" at most {mops} Mops" if mops not in ("0", "0.0") else ""
        boards = " and ".join(part.strip(" '") for part in params["search.board"].strip("[]").split(","))
        origin = f", searched for {boards}{limit}"

    def figure(name: str, form: str) -> str:
        """With the standard deviation over seeds, where there is one."""
        deviation = metrics.get(f"{name}_sd")
        return form.format(metrics[name]) + ("" if deviation is None else f" ± {form.format(deviation)}")

    said = [f"{name} {figure(name, '{:.3f}')}" for name in SCORES if name in metrics]
    for build in sorted({name.rpartition("/")[0] for name in metrics if "/" in name}):
        costs = (
            ("latency_ms", "{:.1f}", "ms, estimated"),
            ("flash_bytes", "{:,.0f}", "bytes of flash"),
            ("ram_bytes", "{:,.0f}", "bytes of RAM"),
        )
        known = [
            f"{figure(f'{build}/{cost}', form)} {unit}" for cost, form, unit in costs if f"{build}/{cost}" in metrics
        ]
        if known:
            said.append(f"on {build} {', '.join(known)}")
    what = f"{model.capitalize()} over {metrics['seeds']:.0f} seeds" if "seeds" in metrics else f"Network {model}"
    return f"{what} of the task {task}{origin}{': ' if said else ''}{'; '.join(said)}."
