PAPER = f"{R}/paper"
PAPER_PAGE = f"{PAPER}/paper.html"
COSTS = f"{PAPER}/costs/{{board}}/{{network}}.json"
CHARACTERISATION = f"{PAPER}/characterise/{{board}}/characterisation.json"
RELEASED = f"{PAPER}/released/{{task}}/{{network}}/metrics.json"
BACKBONES = ["kws", "cifar10", "vww"]


# A network by its name, with random weights: neither data nor training.
rule measure_costs:
    output:
        COSTS,
    log:
        f"{R}/logs/paper/costs/{{board}}/{{network}}.log",
    wildcard_constraints:
        network="[a-z0-9-]+",
    conda:
        "../envs/paper.yaml"
    threads: 1
    resources:
        mem_mb=memory_mb("firmware"),
        runtime=minutes("profile"),
    params:
        board=lambda wildcards: asdict(find_board(wildcards.board)),
    script:
        "../workflow_scripts/paper_costs.py"


use rule characterise_board as characterise_for_paper with:
    output:
        networks=[
            f"{PAPER}/characterise/{{board}}/{backbone}_networks.csv"
            for backbone in BACKBONES
        ],
        figures=CHARACTERISATION,
        layer_costs=f"{PAPER}/characterise/{{board}}/layer_costs.json",
        summary=f"{PAPER}/characterise/{{board}}/summary.txt",
        pictures=directory(f"{PAPER}/characterise/{{board}}/pictures"),
    log:
        f"{R}/logs/paper/characterise/{{board}}.log",
    conda:
        "../envs/paper.yaml"
    params:
        characterise={
            "backbones": BACKBONES,
            "networks": CONFIGURATION.paper["networks"],
            "optimise": "balanced",
        },
        seed=CONFIGURATION.seed,


rule evaluate_released:
    input:
        dataset=DATASET,
        model=lambda wildcards: paper_plan().released[wildcards.network],
    output:
        metrics=RELEASED,
        summary=f"{PAPER}/released/{{task}}/{{network}}/summary.txt",
        test_inputs=f"{PAPER}/released/{{task}}/{{network}}/test_inputs.npz",
    log:
        f"{R}/logs/paper/released/{{task}}/{{network}}.log",
    wildcard_constraints:
        network="[a-z0-9-]+",
    conda:
        "../envs/paper.yaml"
    threads: threads("evaluate")
    resources:
        mem_mb=memory_mb("evaluate"),
        runtime=minutes("evaluate"),
    params:
        evaluate=lambda wildcards: {
            **section("evaluate")(wildcards),
            "labels": paper_plan().outputs_of(wildcards.network),
        },
    script:
        "../workflow_scripts/evaluate.py"


rule write_paper:
    input:
        costs=lambda wildcards: expand(
            COSTS,
            board=paper_plan().boards,
            network=paper_plan().networks,
        ),
        characterisations=lambda wildcards: expand(
            CHARACTERISATION,
            board=paper_plan().characterised,
        ),
        released=lambda wildcards: [
            RELEASED.format(task=paper_plan().tasks[network], network=network)
            for network in paper_plan().released
        ],
        datasets=[f"{R}/{task}/data/dataset.json" for task in TASKS],
        export=per_model("{R}/{task}/{model}/export/metrics.json"),
        profiles=per_build("{R}/{task}/{model}/{build}/profile/profile.json"),
    output:
        page=report(PAPER_PAGE, category="the paper", caption="captions/paper.rst"),
        cells=f"{PAPER}/cells.csv",
    log:
        f"{R}/logs/paper/page.log",
    conda:
        "../envs/paper.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        tasks={task: report_models(task) for task in TASKS},
        budgets={task: search_budgets(task) for task in TASKS},
        released=lambda wildcards: list(paper_plan().released),
        reasons=lambda wildcards: dict(paper_plan().reasons),
    script:
        "../workflow_scripts/paper.py"


rule paper:
    input:
        PAPER_PAGE,
