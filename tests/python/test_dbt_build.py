"""What analysts do with plain dbt."""

import subprocess

from conftest import BIN, ROOT


def test_all_models_and_tests_pass() -> None:
    """Data tests and unit tests, in the development file of this checkout."""
    build = [str(BIN / "dbt"), "--quiet", "--warn-error", "build"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
