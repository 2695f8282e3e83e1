import os
import signal
import sys

from sandbox.cli.main import main

# SIGTERM ends it as Ctrl-C does: everything that was started ends, and every temporary folder is removed.
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    code = main()
    sys.stdout.flush()
except BrokenPipeError:
    code = 141  # the shell's own code for a reader of the output that has gone
# Everything has ended by now. The interpreter would destroy moto's thousands of objects one by one.
os._exit(code)
