rule build_firmware:
    input:
        tracking=ancient(f"{R}/tracking.json"),
        model=rules.export_network.output.model,
    output:
        elf=f"{R}/{{task}}/{{model}}/{{board}}/firmware/firmware.elf",
        map=f"{R}/{{task}}/{{model}}/{{board}}/firmware/firmware.map",
        firmware=f"{R}/{{task}}/{{model}}/{{board}}/firmware/firmware.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/{{board}}/firmware.log",
    conda:
        "../envs/firmware.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        firmware=section("firmware"),
        board=lambda wildcards: asdict(find_board(wildcards.board)),
        on_board=runs_on_board,
    script:
        "../workflow_scripts/firmware.py"


rule firmware:
    input:
        per_board("{R}/{task}/{model}/{board}/firmware/firmware.elf"),
