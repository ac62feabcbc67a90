rule characterise_board:
    output:
        figures=f"{R}/characterise/{{board}}/characterisation.json",
        layer_costs=f"{R}/characterise/{{board}}/layer_costs.json",
        summary=f"{R}/characterise/{{board}}/summary.txt",
        pictures=directory(f"{R}/characterise/{{board}}/pictures"),
    log:
        f"{R}/logs/characterise/{{board}}.log",
    conda:
        "../envs/firmware.yaml"
    threads: 64
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        characterise=CONFIGURATION.characterise,
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/characterise.py"


rule characterise:
    input:
        [
            f"{R}/characterise/{board}/summary.txt"
            for board in CONFIGURATION.characterise["boards"]
        ],
