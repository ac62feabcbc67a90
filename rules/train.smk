rule train_teacher:
    input:
        dataset=DATASET,
        architecture=f"{R}/{{task}}/{{teacher}}/search/architecture.json",
    output:
        network=f"{R}/{{task}}/teachers/{{teacher}}/float.npz",
        history=f"{R}/{{task}}/teachers/{{teacher}}/history.csv",
        metrics=f"{R}/{{task}}/teachers/{{teacher}}/metrics.json",
    log:
        f"{R}/logs/{{task}}/teachers/{{teacher}}.log",
    benchmark:
        f"{R}/benchmarks/{{task}}/teachers/{{teacher}}.tsv"
    conda:
        "../envs/training.yaml"
    threads: threads("teacher")
    resources:
        mem_mb=memory_mb("teacher"),
        runtime=minutes("teacher"),
        gpu=gpus("teacher"),
    params:
        train=lambda wildcards: TASKS[wildcards.task].teacher_section,
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/train_teacher.py"


rule train_network:
    input:
        dataset=DATASET,
        architecture=f"{R}/{{task}}/{{model}}/search/architecture.json",
        teacher=teacher_network,
    output:
        network=f"{R}/{{task}}/{{model}}/train/network.npz",
        float_network=f"{R}/{{task}}/{{model}}/train/float.npz",
        history=f"{R}/{{task}}/{{model}}/train/history.csv",
        metrics=f"{R}/{{task}}/{{model}}/train/metrics.json",
        test_outputs=f"{R}/{{task}}/{{model}}/train/test_outputs.npy",
    log:
        f"{R}/logs/{{task}}/{{model}}/train.log",
    benchmark:
        f"{R}/benchmarks/{{task}}/{{model}}/train.tsv"
    conda:
        "../envs/training.yaml"
    threads: threads("train")
    resources:
        mem_mb=memory_mb("train"),
        runtime=minutes("train"),
        gpu=gpus("train"),
    params:
        train=section("train"),
        seed=model_seed,
    script:
        "../workflow_scripts/train.py"


rule train:
    input:
        per_trained_model("{R}/{task}/{model}/train/network.npz"),
