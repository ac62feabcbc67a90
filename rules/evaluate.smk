EVALUATED = (
    f"{R}/{{task}}/evaluate/{os.path.basename(CONFIGURATION.model or 'no-model')}"
)


rule evaluate_model:
    input:
        tracking=ancient(f"{R}/tracking.json"),
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
    threads: 4
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        evaluate=section("evaluate"),
    script:
        "../workflow_scripts/evaluate.py"


rule evaluate:
    input:
        evaluated("summary.txt"),
