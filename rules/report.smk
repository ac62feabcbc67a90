PAGE = f"{R}/report/report.html"


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
        groups=lambda wildcards: report_groups(wildcards.task),
        models=lambda wildcards: report_models(wildcards.task),
    script:
        "../workflow_scripts/report.py"


rule write_page:
    input:
        tables=[f"{R}/{task}/report/summary.txt" for task in TASKS],
    output:
        page=report(PAGE, category="all tasks", caption="captions/page.rst"),
    log:
        f"{R}/logs/page.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        tasks={task: report_models(task) for task in TASKS},
        groups={task: report_groups(task) for task in TASKS},
    script:
        "../workflow_scripts/page.py"


rule report:
    input:
        PAGE,
        [
            f"{R}/{task}/report/{name}"
            for task in TASKS
            for name in ("summary.csv", "summary.txt", "pictures")
        ],
