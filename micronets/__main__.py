"""`python -m micronets`: the command `micronets`."""

import sys

from micronets.cli import main

sys.exit(main())
