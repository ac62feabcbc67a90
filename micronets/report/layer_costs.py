"""Where a network's instructions go, layer by layer."""

from micronets.report.records import Build, Model
from micronets.style import BLUE, NARROW_INCHES, Picture, blank_figure, finish, label_counts, styled


def layers_picture(model: Model, build: Build) -> Picture | None:
    """Instructions of every layer as bars; None where the firmware has not been profiled."""
    if build.profile is None or build.profile.layers.empty:
        return None
    layers = build.profile.layers
    total = layers["instructions"].sum()
    with styled():
        figure = blank_figure(NARROW_INCHES, 1.0 + 0.24 * len(layers))
        axes = figure.subplots()
        rows = range(len(layers))
        axes.barh(rows, layers["instructions"], color=BLUE, height=0.72)
        for row, instructions in zip(rows, layers["instructions"], strict=True):
            axes.annotate(
                f"{100 * instructions / total:.1f} %",
                (instructions, row),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )
        axes.set_yticks(rows, layers["layer"])
        axes.invert_yaxis()
        axes.margins(x=0.12, y=0.02)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("instructions per inference")
        label_counts(axes.xaxis)
        most = layers.loc[layers["instructions"].idxmax()]
        return finish(
            figure,
            f"{model.name}_{build.picture_name}_layers",
            f"Instructions by layer on {build.place}",
            f"Counted on the emulator; {total:,.0f} in all layers together.",
            f"Most instructions: {most['layer']} with {most['instructions']:,.0f}.",
        )
