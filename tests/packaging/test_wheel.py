"""The wheel: built, installed into an environment of its own, and used from an empty folder."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEXT = (
    "The salt road crosses the plateau in nine days, and on each of them the mules choose the camp. The drivers say that "
    "water can be argued with and that a mule cannot. On the tenth day the market begins, and nobody sells before noon."
)


PACKAGES = ("provenance", "fingerprints", "api", "cli")
DATA = (
    "fingerprints/image/classifier-9.npz",
    "fingerprints/image/codebook-1.npz",
    "fingerprints/unicode/fold-2.npz",
    "cli/demo/articles/last-ferry.txt",
    "cli/demo/pictures/dusk-ridges.jpg",
    "cli/demo/pictures/marbled-ink.jpg",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert set(DATA) <= set(names)
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {*PACKAGES, "sourcemark"}
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    # The libraries of this environment, without the editable project: lines that add a path are not followed twice.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q", str(wheel)],
        check=True,
    )
    return folder / "env" / "bin" / "sourcemark"


def run(command: Path, folder: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SOURCEMARK_WORKERS": "1"}
    return subprocess.run(
        [command, *args], cwd=folder, env=environment, input=stdin, capture_output=True, text=True, check=False
    )


def test_the_main_job_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = (
        "import fingerprints, sourcemark; sourcemark.Client('https://s.example', 'smk_x'); print(fingerprints.__file__)"
    )
    found = subprocess.check_output([installed.parent / "python", "-c", where], text=True, cwd=tmp_path)
    assert str(installed.parents[1]) in found
    registered = run(
        installed, tmp_path, "register", "--batch", "-", "--json", stdin=json.dumps({"text": TEXT, "owner": "A"})
    )
    assert registered.returncode == 0, registered.stderr
    work = json.loads(registered.stdout)
    scanned = run(installed, tmp_path, "scan", "-", "--json", stdin=f"Seen on the road.\n\n{TEXT}")
    assert scanned.returncode == 1, scanned.stderr
    assert json.loads(scanned.stdout)["matches"][0]["work_id"] == work["work_id"]
    assert run(installed, tmp_path, "receipt", work["work_id"], "--out", "r.zip").returncode == 0
    assert run(installed, tmp_path, "verify", "r.zip", "--trust-receipt").returncode == 0
    assert run(installed, tmp_path, "doctor").returncode == 0
    assert (tmp_path / ".local" / "share" / "sourcemark" / "sourcemark.db").exists()


def test_an_overwritten_package_is_told(installed: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    (foreign / "provenance").mkdir(parents=True)
    (foreign / "provenance" / "__init__.py").write_text("")
    done = subprocess.run(
        [installed.parent / "python", "-c", "import sys; sys.path.insert(0, 'foreign'); import provenance; "
         "del sys.path[0]; sys.modules['provenance'].__path__.append(sys.argv[1]); from cli.main import run; run()",
         str(next((installed.parents[1] / "lib").glob("*/site-packages/provenance")))],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "overwritten by another project" in done.stderr
    assert len(done.stderr.splitlines()) == 1
