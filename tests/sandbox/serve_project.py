"""Serves the small project beside this file, in a process of its own: READY_FILE OUT TIME_SCALE."""

import os
import sys
from pathlib import Path

from sandbox.cli.serve import serve
from sandbox.sandbox import Options

ready_file, out, time_scale = sys.argv[1:]
project = Path(__file__).with_name("project")
code = serve(0, Path(ready_file), Path(out), Options(time_scale=float(time_scale)), project)
sys.stdout.flush()
os._exit(code)  # as `python -m sandbox` ends
