# Concurrent jobs must find the store there: its creation is not safe against races.
rule prepare_tracking:
    output:
        f"{R}/tracking.json",
    log:
        f"{R}/logs/tracking.log",
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        store=lambda wildcards: store_uri(),
        models={
            task.name: sorted({*task.models, *task.teachers})
            for task in TASKS.values()
        },
    script:
        "../workflow_scripts/tracking.py"
