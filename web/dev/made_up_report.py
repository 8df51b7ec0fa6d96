"""Write the report of a made-up session, for looking at the page while it is built.

python web/dev/made_up_report.py FOLDER [SERVICE]        a fault stops the session in that service, halfway
"""

from __future__ import annotations

import sys
from pathlib import Path

from made_up_session import MadeUp

from affectloop.clock import SystemClock
from affectloop.report import write_report

LENGTH_S = 600.0

if __name__ == "__main__":
    service = sys.argv[2] if len(sys.argv) > 2 else ""
    made_up = MadeUp(SystemClock().wall_us() - round(LENGTH_S * 1e6), fault=service, fault_at_s=LENGTH_S / 2)
    print(write_report(Path(sys.argv[1]), made_up.events(LENGTH_S), made_up.session()))
