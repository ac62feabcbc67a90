"""Searches of a sweep over budgets learn their weights once."""

CONFIGURATION = """
kws:
  sweep:
    net:
      search:
        strategy: evolution
        share_weights: true
        epochs: 1
        warmup_epochs: 0
        evolution: {population: 2, generations: 1}
      over: {search.max_mops: [1, 2]}
"""


def test_a_search_goes_on_with_the_weights_of_its_sweep(workflow_in, tmp_path):
    workflow = workflow_in(tmp_path)
    (tmp_path / "front.yaml").write_text(CONFIGURATION, encoding="utf-8")
    found = "results/kws/net-max-mops-1/search/found.json"
    before = workflow.planned("--configfile", "front.yaml")
    assert before["train_supernet"] == 1
    run = workflow.run("--configfile", "front.yaml", "--", found)
    assert run.status == 0, run.text
    assert (tmp_path / found).exists()
    folder = tmp_path / "results" / "kws" / "supernets" / "net-max-mops-2"
    assert {path.name for path in folder.iterdir()} >= {"supernet.npz", "history.csv"}
    assert len((folder / "history.csv").read_text(encoding="utf-8").splitlines()) == 2
    later = workflow.planned("--configfile", "front.yaml")
    assert "train_supernet" not in later and later["search_network"] == before["search_network"] - 1
