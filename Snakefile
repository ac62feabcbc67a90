# From a dataset and a microcontroller's budget to a measured firmware:
#   data → search → train → export → firmware → profile → report
# Everything is configured in config/config.yaml and micronets/tasks/<task>.yaml; the logic lives in the package micronets.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"


if CONFIGURATION.container:

    container: CONFIGURATION.container


include: "rules/data.smk"
include: "rules/search.smk"
include: "rules/train.smk"
include: "rules/export.smk"
include: "rules/firmware.smk"
include: "rules/profile.smk"
include: "rules/report.smk"
include: "rules/evaluate.smk"
include: "rules/characterise.smk"
include: "rules/spot.smk"
include: "rules/paper.smk"


# Targets, and jobs of seconds that a cluster is not asked for.
localrules:
    all,
    published_network,
    given_network,
    write_report,
    write_page,
    compare_boards,
    write_paper,
    data,
    search,
    train,
    export,
    firmware,
    profile,
    report,
    evaluate,
    characterise,
    spot,
    paper,


rule all:
    default_target: True
    input:
        rules.report.input,
        every_output,


onstart:
    if workflow.is_main_process:
        start()


onsuccess:
    if workflow.is_main_process:
        print_summary()


onerror:
    if workflow.is_main_process:
        print_failures(log)
