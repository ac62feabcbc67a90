rule profile_firmware:
    input:
        elf=rules.build_firmware.output.elf,
        firmware=rules.build_firmware.output.firmware,
        test_inputs=rules.export_network.output.test_inputs,
    output:
        profile=f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}profile/profile.json",
        layers=f"{R}/{{task}}/{{model}}/{{board}}/{{runtime}}profile/layers.csv",
    log:
        f"{R}/logs/{{task}}/{{model}}/{{board}}/{{runtime}}profile.log",
    conda:
        "../envs/firmware.yaml"
    threads: threads("profile")
    resources:
        mem_mb=memory_mb("profile"),
        runtime=minutes("profile"),
    params:
        profile=section("profile"),
    script:
        "../workflow_scripts/profile.py"


rule profile:
    input:
        per_build("{R}/{task}/{model}/{build}/profile/profile.json"),
