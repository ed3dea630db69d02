"""The extras are what their lock says."""

import importlib.metadata
import re
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / "requirements-extras.lock"


@pytest.mark.parametrize("name", ["fsspec", "gcsfs", "onnxruntime", "pyarrow", "pyspark", "rapidocr", "ray", "s3fs"])
def test_an_extra_is_installed_as_locked(name):
    locked = re.search(rf"^{name}==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert locked is not None
    assert importlib.metadata.version(name) == locked[1]
