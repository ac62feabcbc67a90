rule write_report:
    input:
        tracking=ancient(f"{R}/tracking.json"),
        dataset=DATASET,
        training=lambda w: per_trained_model(
            "{R}/{task}/{model}/train/metrics.json", w.task
        ),
        export=lambda w: per_model("{R}/{task}/{model}/export/metrics.json", w.task),
        profiles=lambda w: per_build(
            "{R}/{task}/{model}/{build}/profile/profile.json", w.task
        ),
    output:
        html=report(
            f"{R}/{{task}}/report/report.html",
            category="{task}",
            caption="captions/page.rst",
        ),
        table=f"{R}/{{task}}/report/summary.csv",
        summary=f"{R}/{{task}}/report/summary.txt",
        pictures=report(
            directory(f"{R}/{{task}}/report/pictures"),
            patterns=["{picture}.png"],
            category="{task}",
            labels={"picture": "{picture}"},
            caption="captions/pictures.rst",
        ),
    log:
        f"{R}/logs/{{task}}/report.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        report=section("report"),
        models=lambda wildcards: {
            model.name: model.builds for model in TASKS[wildcards.task].models.values()
        },
    script:
        "../workflow_scripts/report.py"


rule report:
    input:
        [f"{R}/{task}/report/report.html" for task in TASKS],
