rule export_network:
    input:
        dataset=DATASET,
        network=rules.train_network.output.network,
        float_network=rules.train_network.output.float_network,
        metrics=rules.train_network.output.metrics,
        test_outputs=rules.train_network.output.test_outputs,
    output:
        model=f"{R}/{{task}}/{{model}}/export/model.tflite",
        metrics=f"{R}/{{task}}/{{model}}/export/metrics.json",
        test_inputs=f"{R}/{{task}}/{{model}}/export/test_inputs.npz",
    log:
        f"{R}/logs/{{task}}/{{model}}/export.log",
    wildcard_constraints:
        model="|".join(CONFIGURATION.trained) or "(?!)",
    conda:
        "../envs/export.yaml"
    threads: threads("export")
    resources:
        mem_mb=memory_mb("export"),
        runtime=minutes("export"),
    params:
        export=section("export"),
    script:
        "../workflow_scripts/export.py"


rule export_trained_elsewhere:
    input:
        dataset=DATASET,
        tflite=lambda wildcards: TASKS[wildcards.task]
        .models[wildcards.model]
        .tflite_path,
    output:
        model=f"{R}/{{task}}/{{model}}/export/model.tflite",
        metrics=f"{R}/{{task}}/{{model}}/export/metrics.json",
        test_inputs=f"{R}/{{task}}/{{model}}/export/test_inputs.npz",
    log:
        f"{R}/logs/{{task}}/{{model}}/export.log",
    wildcard_constraints:
        model="|".join(CONFIGURATION.trained_elsewhere) or "(?!)",
    conda:
        "../envs/export.yaml"
    threads: threads("export")
    resources:
        mem_mb=memory_mb("export"),
        runtime=minutes("export"),
    params:
        evaluate=section("evaluate"),
    script:
        "../workflow_scripts/export_trained_elsewhere.py"


rule export:
    input:
        per_model("{R}/{task}/{model}/export/model.tflite"),
