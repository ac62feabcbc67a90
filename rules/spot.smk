# One stream for all models of a task, so that they can be compared.
STREAM = f"{R}/{{task}}/spot"


rule make_stream:
    input:
        dataset=DATASET,
    output:
        audio=f"{STREAM}/stream.wav",
        truth=f"{STREAM}/truth.csv",
    log:
        f"{R}/logs/{{task}}/stream.log",
    conda:
        "../envs/data.yaml"
    threads: threads("spot")
    resources:
        mem_mb=memory_mb("spot"),
        runtime=minutes("spot"),
    params:
        minutes=lambda wildcards: section("spot")(wildcards)["minutes"],
        noise_volume=lambda wildcards: section("spot")(wildcards)["noise_volume"],
        seed=CONFIGURATION.seed,
    script:
        "../workflow_scripts/stream.py"


rule spot_keywords:
    input:
        dataset=DATASET,
        model=rules.export_network.output.model,
        audio=rules.make_stream.output.audio,
        truth=rules.make_stream.output.truth,
    output:
        elf=f"{R}/{{task}}/{{model}}/{{board}}/spot/keyword_spotter.elf",
        src=directory(f"{R}/{{task}}/{{model}}/{{board}}/spot/src"),
        summary=f"{R}/{{task}}/{{model}}/{{board}}/spot/summary.txt",
        picture=f"{R}/{{task}}/{{model}}/{{board}}/spot/stream.png",
        trade_off=f"{R}/{{task}}/{{model}}/{{board}}/spot/operating_points.png",
        figures=f"{R}/{{task}}/{{model}}/{{board}}/spot/spot.json",
    log:
        f"{R}/logs/{{task}}/{{model}}/{{board}}/spot.log",
    conda:
        "../envs/spot.yaml"
    threads: threads("spot")
    resources:
        mem_mb=memory_mb("spot"),
        runtime=minutes("spot"),
    params:
        spot=section("spot"),
        evaluate=outside_options,
        firmware=compiler_options,
        board=lambda wildcards: asdict(find_board(wildcards.board)),
    script:
        "../workflow_scripts/spot.py"


rule spot:
    input:
        spotted("{R}/{task}/{model}/{board}/spot/spot.json"),
