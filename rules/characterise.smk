BOARDS_TO_CHARACTERISE = CONFIGURATION.characterise["boards"]


rule characterise_board:
    output:
        networks=[
            f"{R}/characterise/{{board}}/{backbone}_networks.csv"
            for backbone in CONFIGURATION.characterise["backbones"]
        ],
        figures=f"{R}/characterise/{{board}}/characterisation.json",
        layer_costs=f"{R}/characterise/{{board}}/layer_costs.json",
        summary=f"{R}/characterise/{{board}}/summary.txt",
        pictures=directory(f"{R}/characterise/{{board}}/pictures"),
    log:
        f"{R}/logs/characterise/{{board}}.log",
    conda:
        "../envs/firmware.yaml"
    threads: threads("characterise")
    resources:
        mem_mb=memory_mb("characterise"),
        runtime=minutes("characterise"),
    params:
        characterise=CONFIGURATION.characterise,
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/characterise.py"


rule compare_boards:
    input:
        expand(rules.characterise_board.output.figures, board=BOARDS_TO_CHARACTERISE),
    output:
        figures=f"{R}/characterise/comparison/comparison.json",
        sentences=f"{R}/characterise/comparison/comparison.txt",
        pictures=directory(f"{R}/characterise/comparison/pictures"),
    log:
        f"{R}/logs/characterise/comparison.log",
    conda:
        "../envs/firmware.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        boards=BOARDS_TO_CHARACTERISE,
    script:
        "../workflow_scripts/compare_boards.py"


rule characterise:
    input:
        [f"{R}/characterise/{board}/summary.txt" for board in BOARDS_TO_CHARACTERISE],
        (
            rules.compare_boards.output.sentences
            if len(BOARDS_TO_CHARACTERISE) > 1
            else []
        ),
