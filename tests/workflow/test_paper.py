"""The plan of the paper's page; its jobs are tested where they are."""

from micronets.paper.plan import plan


def test_the_page_takes_every_network_on_every_board_and_the_runs_own_results(workflow_in, tmp_path):
    planned = workflow_in(tmp_path).planned("paper")
    found = plan("", {})
    assert planned["measure_costs"] == len(found.networks) * 3 >= 60
    assert planned["characterise_for_paper"] == 2
    assert planned["profile_firmware"] == planned["train_network"] == 2
    assert planned["write_paper"] == 1 and "evaluate_released" not in planned


def test_a_folder_of_released_files_that_is_not_there_is_one_sentence(workflow_in, tmp_path):
    run = workflow_in(tmp_path).run("paper", "--dry-run", "--config", "paper__released=no/such")
    assert run.status != 0
    assert "paper.released: there is no folder no/such; correct the path, or leave the key out." in run.text
