import os
import signal
import sys

from sandbox.cli.main import main

# As Ctrl-C does: what was started is ended, and what was made for it is removed.
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    code = main()
    sys.stdout.flush()
except BrokenPipeError:
    code = 141  # as the shell has it: who read what was printed has gone
# Everything is ended by now; the interpreter would take moto's thousands of objects apart one by one.
os._exit(code)
