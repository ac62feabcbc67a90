"""Creates the tracking store and a run per model; the output says which run is which."""

from micronets.atomic import write_json
from micronets.configuration import resolve
from micronets.job import job
from micronets.tracking import prepare_store

with job("tracking", snakemake.log[0]):
    tasks = resolve(snakemake.config).tasks.values()
    models = {task.name: sorted({*task.models, *task.teachers}) for task in tasks}
    write_json(snakemake.output[0], prepare_store(snakemake.config["results"], models))
