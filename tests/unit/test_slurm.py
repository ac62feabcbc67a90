"""Which waiting jobs are told of."""

from micronets.slurm import PendingJobs


def test_a_job_that_cannot_start_is_told_of_once_with_slurms_reason_and_the_remedy(tmp_path):
    told = []
    pending = PendingJobs(str(tmp_path), told.append)
    lines = [
        f"7|PartitionTimeLimit|rule_train_network_wildcards_kws_a|{tmp_path}",
        f"8|Priority|rule_train_network_wildcards_kws_b|{tmp_path}",
        f"9|Resources|rule_train_network_wildcards_kws_c|{tmp_path}",
        "10|PartitionTimeLimit|somebody_elses|/",
    ]
    pending.read("\n".join(lines))
    pending.read("\n".join(lines))
    (sentence,) = told
    assert sentence.startswith("Slurm will not start job 7 (rule_train_network_wildcards_kws_a): PartitionTimeLimit; ")
    assert "max_runtime" in sentence and "scancel 7" in sentence


def test_what_squeue_says_beside_jobs_is_passed_over(tmp_path):
    told = []
    PendingJobs(str(tmp_path), told.append).read("slurm_load_jobs error: Unable to contact slurm controller\n\n|\n")
    assert told == []
