rule search_network:
    input:
        dataset=DATASET,
    output:
        architecture=f"{R}/{{task}}/{{model}}/search/architecture.json",
        history=f"{R}/{{task}}/{{model}}/search/history.csv",
        search=f"{R}/{{task}}/{{model}}/search/search.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/search.log",
    benchmark:
        f"{R}/benchmarks/{{task}}/{{model}}/search.tsv"
    wildcard_constraints:
        model="|".join(CONFIGURATION.searched) or "(?!)",
    conda:
        "../envs/training.yaml"
    threads: threads("search")
    resources:
        mem_mb=memory_mb("search"),
        runtime=minutes("search"),
        gpu=gpus("search"),
    params:
        search=section("search"),
        budget=search_budget,
        seed=model_seed,
    script:
        "../workflow_scripts/search.py"


rule published_network:
    input:
        dataset=DATASET,
    output:
        architecture=f"{R}/{{task}}/{{model}}/search/architecture.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/search.log",
    wildcard_constraints:
        model="|".join(CONFIGURATION.published),
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../workflow_scripts/search_published.py"


rule given_network:
    input:
        dataset=DATASET,
        given=lambda wildcards: TASKS[wildcards.task]
        .models[wildcards.model]
        .architecture_path,
    output:
        architecture=f"{R}/{{task}}/{{model}}/search/architecture.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/search.log",
    wildcard_constraints:
        model="|".join(CONFIGURATION.given) or "(?!)",
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../workflow_scripts/search_given.py"


rule search:
    input:
        per_trained_model("{R}/{task}/{model}/search/architecture.json"),
