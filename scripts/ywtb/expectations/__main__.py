"""The worker process: `python -m ywtb.expectations ROOT`."""

import sys
from pathlib import Path

from ywtb.expectations.worker import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]))
