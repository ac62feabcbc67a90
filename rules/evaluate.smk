EVALUATED = (
    f"{R}/{{task}}/evaluate/{os.path.basename(CONFIGURATION.model or 'no-model')}"
)


rule evaluate_model:
    input:
        dataset=DATASET,
        model=CONFIGURATION.model or "(no model is configured)",
    output:
        metrics=f"{EVALUATED}/metrics.json",
        summary=f"{EVALUATED}/summary.txt",
        test_inputs=f"{EVALUATED}/test_inputs.npz",
    log:
        f"{R}/logs/{{task}}/evaluate.log",
    conda:
        "../envs/export.yaml"
    threads: threads("evaluate")
    resources:
        mem_mb=memory_mb("evaluate"),
        runtime=minutes("evaluate"),
    params:
        evaluate=section("evaluate"),
    script:
        "../workflow_scripts/evaluate.py"


rule evaluate:
    input:
        evaluated("summary.txt"),
