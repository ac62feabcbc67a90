"""A store in the working directory, and what it holds."""

import pytest

from micronets.tracking import STORE_VARIABLE, prepare_store, store_uri


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A fresh store; its creation takes seconds, so that tests copy it."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv(STORE_VARIABLE, raising=False)
        assert prepare_store("results", {"kws": ["a", "b"]})
    return folder


@pytest.fixture
def client(template, tmp_path, monkeypatch):
    """MLflow's own client on a store in the working directory, where models a and b of kws have runs."""
    from mlflow import MlflowClient

    (tmp_path / "mlflow.db").write_bytes((template / "mlflow.db").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    prepare_store("results", {"kws": ["a", "b"]})
    return MlflowClient(store_uri())


def runs_of(client, results, model):
    """The model's run and its nested runs by stage."""
    experiment = client.get_experiment_by_name("micronets-kws").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [r for r in runs if r.data.tags.get("folder") == str((results / "kws" / model).absolute())]
    nested = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    return parent, {run.info.run_name: run for run in nested}
