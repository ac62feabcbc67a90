"""Creates the tracking store and a run per model; the output says which run is which."""

from micronets.atomic import write_json
from micronets.job import job
from micronets.tracking import prepare_store

with job("tracking", snakemake.log[0]):
    runs = prepare_store(snakemake.config["results"], snakemake.params.models)
    write_json(snakemake.output[0], runs)
