"""Cases and inputs are modules of this folder, which the benchmark reads too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
