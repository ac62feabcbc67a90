rule train_supernet:
    input:
        dataset=DATASET,
    output:
        weights=f"{R}/{{task}}/supernets/{{model}}/supernet.npz",
        history=f"{R}/{{task}}/supernets/{{model}}/history.csv",
    log:
        f"{R}/logs/{{task}}/supernets/{{model}}.log",
    benchmark:
        f"{R}/benchmarks/{{task}}/supernets/{{model}}.tsv"
    conda:
        "../envs/training.yaml"
    threads: threads("supernet")
    resources:
        mem_mb=memory_mb("supernet"),
        runtime=minutes("supernet"),
        gpu=gpus("supernet"),
    params:
        search=section("search"),
        searches=searches_of_supernet,
        budget=search_budget,
        seed=model_seed,
    script:
        "../workflow_scripts/train_supernet.py"


rule search_network:
    input:
        dataset=DATASET,
        shared_weights=shared_weights,
    output:
        found=f"{R}/{{task}}/{{model}}/search/found.json",
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


rule fit_network:
    input:
        found=rules.search_network.output.found,
        search=rules.search_network.output.search,
    output:
        architecture=f"{R}/{{task}}/{{model}}/search/architecture.json",
        fit=f"{R}/{{task}}/{{model}}/search/fit.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/fit.log",
    wildcard_constraints:
        model="|".join(CONFIGURATION.searched) or "(?!)",
    conda:
        "../envs/firmware.yaml"
    threads: threads("firmware")
    resources:
        mem_mb=memory_mb("firmware"),
        runtime=minutes("profile"),
    params:
        search=section("search"),
        boards=search_boards,
        optimise=lambda wildcards: compiler_options(wildcards)["optimise"],
        weight_bits=lambda wildcards: section("train")(wildcards)["weight_bits"],
        activation_bits=lambda wildcards: section("train")(wildcards).get(
            "activation_bits", 8
        ),
        seed=model_seed,
    script:
        "../workflow_scripts/fit.py"


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
