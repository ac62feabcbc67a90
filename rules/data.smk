# The folder is made whole or not at all; what else is in it is the task's affair.
DATASET = f"{R}/{{task}}/data/dataset.json"


rule prepare_data:
    output:
        DATASET,
    log:
        f"{R}/logs/{{task}}/data.log",
        rejected=f"{R}/{{task}}/data/rejected.csv",  # a log, so that it outlives a job that stops because of it
    benchmark:
        f"{R}/benchmarks/{{task}}/data.tsv"
    # It takes all cores for a short time: after the first long job had begun it would wait for that to end.
    priority: 1
    conda:
        "../envs/data.yaml"
    threads: threads("data")
    resources:
        mem_mb=memory_mb("data"),
        runtime=minutes("data"),
    params:
        data=section("data"),
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/data.py"


rule data:
    input:
        [f"{R}/{task}/data/dataset.json" for task in TASKS],
