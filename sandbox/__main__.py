import os
import sys

from sandbox.cli import main

try:
    code = main()
    sys.stdout.flush()
except BrokenPipeError:
    code = 141  # as the shell has it: who read what was printed has gone
# Everything is ended by now; the interpreter would take moto's thousands of objects apart one by one.
os._exit(code)
