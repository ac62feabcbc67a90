# The folder is made whole or not at all; what else is in it is the task's affair.
DATASET = f"{R}/{{task}}/data/dataset.json"


rule prepare_data:
    input:
        tracking=ancient(f"{R}/tracking.json"),
    output:
        DATASET,
    log:
        f"{R}/logs/{{task}}/data.log",
        rejected=f"{R}/{{task}}/data/rejected.csv",  # a log, so that it outlives a job that stops because of it
    benchmark:
        f"{R}/benchmarks/{{task}}/data.tsv"
    conda:
        "../envs/data.yaml"
    threads: 64
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        data=section("data"),
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/data.py"


rule data:
    input:
        [f"{R}/{task}/data/dataset.json" for task in TASKS],
