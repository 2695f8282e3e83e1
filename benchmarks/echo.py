"""The project with steps that only answer: what a workflow costs that does nothing, as a reference."""

import json
import shutil
from pathlib import Path

from benchmarks.cold_start import ROOT, STEPS

ANSWERS = {
    "check_eligibility": {"eligible": True, "reasons": [], "notices": [], "organization_id": 1},
    "generate_license": dict.fromkeys(("sha256", "starts_on", "expires_on", "blocks_on", "user_count"), "-"),
    "send_email": {"message_id": "-", "possibly_sent_twice": False},
    "create_issue": {"iid": 1, "url": "-"},
    "notify_slack": {"channel": "-", "ts": "-"},
    "comment_ticket": {"request_id": "-", "status": "issued"},
}


def echo_project(folder: Path) -> Path:
    """The same template and state machine, with those functions."""
    for name in ("functions", "layers", "statemachine"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", folder)
    for step in STEPS:
        answer = json.dumps(ANSWERS[step])
        (folder / f"functions/{step}/app.py").write_text(
            f"import json\nANSWER = json.loads({answer!r})\n\n\ndef handler(event, context):\n    return ANSWER\n"
        )
    return folder
