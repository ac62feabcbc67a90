"""Which commit a report says it was made by."""

import subprocess

from micronets.report import provenance


def test_an_installed_package_has_no_commit_of_a_repository_around_it(tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "another project"], check=True)
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr(provenance, "_REPOSITORY", packages)
    assert provenance.Provenance.gather().commit == ""
    monkeypatch.setattr(provenance, "_REPOSITORY", tmp_path)
    assert len(provenance.Provenance.gather().commit) == 40
