# Concurrent jobs must find the store there: its creation is not safe against races. Without params, because Snakemake
# overlooks other reasons to run the jobs behind an ancient() input when the job that makes that input is due.
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
    script:
        "../workflow_scripts/tracking.py"
