"""Files from the future."""

import os
import time

from micronets.clock import take_back


def test_files_from_the_future_get_the_present_time(tmp_path):
    now = time.time()
    for name, age_s in (("old", 3600), ("new", 0), ("ahead", -3600)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (now - age_s, now - age_s))
    (tmp_path / "link").symlink_to("gone")
    os.utime(tmp_path / "link", (now + 3600, now + 3600), follow_symlinks=False)
    assert take_back(tmp_path) == 2
    assert abs((tmp_path / "old").stat().st_mtime - (now - 3600)) < 1
    for path in tmp_path.iterdir():
        assert path.lstat().st_mtime <= time.time() + 1
    assert take_back(tmp_path) == 0
