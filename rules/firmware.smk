rule build_firmware:
    input:
        model=rules.export_network.output.model,
        library=runtime_library,
    output:
        elf=f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}firmware/firmware.elf",
        map=f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}firmware/firmware.map",
        firmware=f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}firmware/firmware.json",
        src=directory(f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}firmware/src"),
    log:
        f"{R}/logs/{{task}}/{{model}}/{{board}}/{{runtime}}firmware.log",
    conda:
        "../envs/firmware.yaml"
    threads: threads("firmware")
    resources:
        mem_mb=memory_mb("firmware"),
        runtime=minutes("firmware"),
    params:
        firmware=runtime_options,
        runtime=runtime_name,
        board=lambda wildcards: asdict(find_board(wildcards.board)),
        on_board=runs_on_board,
    script:
        "../workflow_scripts/firmware.py"


rule firmware:
    input:
        per_build("{R}/{task}/{model}/{build}/firmware/firmware.elf"),
