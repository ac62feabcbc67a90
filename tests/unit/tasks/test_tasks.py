import numpy as np
import pytest

from micronets.errors import ConfigurationError
from micronets.features.mfcc import mfcc
from micronets.tasks import find_task, task_names


def test_labels_are_in_the_order_of_the_released_networks():
    labels = "down go left no off on right stop up yes _silence_ _unknown_".split()
    assert list(find_task("kws").labels({})) == labels


def test_every_module_is_a_task():
    assert "kws" in task_names()
    for name in task_names():
        task = find_task(name)
        assert task.name == name
        assert task.title[0].isupper()
        assert len(task.input_shape) == 3
        task.check_input_shape(task.input_shape)
        with pytest.raises(ConfigurationError, match=name):
            task.check_input_shape((1, 2, 77))


@pytest.mark.parametrize("name", ["kwz", "_task", "", "kws.TASK", "../kws"])
def test_other_names_are_refused(name):
    with pytest.raises(ConfigurationError, match="there is no task .*kws"):
        find_task(name)


def test_features_agree_with_the_input_shape():
    task = find_task("kws")
    audio = np.zeros((1, task.features.clip_samples), np.int16)
    assert (*mfcc(audio, task.features).shape[1:], 1) == task.input_shape == (49, 10, 1)
