"""schemathesis with all its checks against a real server: the service and its description say the same."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CONFIGURATION = Path(__file__).parents[2] / "schemathesis.toml"


# What each field's edges are takes minutes: `make fuzz` does it.
PHASES = ["examples,fuzzing,stateful", *(["coverage"] if os.environ.get("FUZZ") == "all" else [])]


@pytest.mark.parametrize("phases", PHASES)
def test_the_running_service_keeps_its_description(tmp_path: Path, phases: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SOURCEMARK_HOME": str(tmp_path / "home"),
        "SOURCEMARK_WORKERS": "1",
    }

    def sourcemark(*args: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *args], env=environment, capture_output=True, text=True, check=True
        ).stdout

    sourcemark("account", "new", "root", "--kind", "administrator")
    key = json.loads(sourcemark("key", "new", "root", "--json"))["secret"]
    with (tmp_path / "serve.log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=environment, stderr=log
        )
        try:
            deadline = time.monotonic() + 30
            while "http://" not in (said := (tmp_path / "serve.log").read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            address = said.split("listens on ")[1].split()[0]
            # Making the description takes seconds on a busy machine, and schemathesis waits for ten; it is kept then.
            ask = f"import urllib.request; urllib.request.urlopen('{address}/openapi.json', timeout=300).read()"
            subprocess.run([sys.executable, "-c", ask], env=environment, check=True)
            done = subprocess.run(
                [Path(sys.executable).parent / "schemathesis", "--config-file", CONFIGURATION, "run", f"{address}/openapi.json", "-H", f"Authorization: Bearer {key}",
                 "--phases", phases, "--max-examples", "4", "--seed", "1",
                 "--suppress-health-check", "all", "--wait-for-schema", "20", "--no-color"],
                capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=900,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-9000:]
            assert server.poll() is None
        finally:
            server.terminate()
            server.wait(timeout=120)
        assert "Traceback" not in (tmp_path / "serve.log").read_text()
