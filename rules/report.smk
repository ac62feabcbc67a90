rule write_report:
    input:
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
    threads: threads("report")
    resources:
        mem_mb=memory_mb("report"),
        runtime=minutes("report"),
    params:
        report=section("report"),
        groups=lambda wildcards: {
            model.name: model.group
            for model in TASKS[wildcards.task].models.values()
            if model.group
        },
        models=lambda wildcards: {
            model.name: model.builds for model in TASKS[wildcards.task].models.values()
        },
    script:
        "../workflow_scripts/report.py"


rule report:
    input:
        [
            f"{R}/{task}/report/{name}"
            for task in TASKS
            for name in ("report.html", "summary.csv", "summary.txt", "pictures")
        ],
