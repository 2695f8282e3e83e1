"""Many requests at once, each with one fault somewhere: do all end right, and does each take as long as among a few?

python benchmarks/many_requests.py [MANY] [SEED]     exits 1 if one ends wrong, or takes 1.5 times as long as one of ten
"""

import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/common")]

from sandbox.faults.fault import Fault
from tests.reliability.faulty import STATES, FaultyDeployment
from tests.reliability.matrix import Sweeper
from tests.waiting import until
from tests.workflow.journey import TicketJourney

FEW = 10
MOST_TIMES_SLOWER = 1.5
PATIENCE = 900
FAULTS = [
    *(Fault(kind, after=after) for kind in ("reset", "crash", "hang") for after in (False, True)),
    *(Fault("status", status) for status in (500, 429)),
    Fault("malformed", after=True),
]
STEPS = [step for step in STATES if step != "generate_license"]


def without_ledger(folder: str) -> FaultyDeployment:
    """Without a proxy before the ledger, which would be what is measured; so no fault befalls GenerateLicense."""
    return FaultyDeployment(Path(folder), services=("SESV2",))


def at_once(world: FaultyDeployment, number: int, dice: random.Random) -> tuple[float, list[str]]:
    """Seconds a request until all have ended, and what ended wrong."""
    cases = [TicketJourney(world) for _ in range(number)]
    for case in cases:
        world.plan_effect(dice.choice(STEPS), case.id, fault=dice.choice(FAULTS))
    began = time.monotonic()
    with Sweeper(world, 5), ThreadPoolExecutor(number) as pool:
        answers = [status for each in pool.map(ask, cases) for status in each]
        until("all are done", lambda: time.sleep(1) or done(world) >= {c.request_id for c in cases}, PATIENCE)
    seconds = (time.monotonic() - began) / number
    world.planned.clear()
    print("  answers to the POSTs:", dict(Counter(answers)))
    return seconds, [fault for case in cases for fault in wrong_with(case)]


def ask(case: TicketJourney) -> list[int | str]:
    """POSTs it, again and again as an engineer would, until it is at work -> the answers."""
    answers: list[int | str] = []
    while not {200, 202, 409} & set(answers):
        try:
            answers.append(case.post()[0])
        except TimeoutError:
            answers.append("none in time")
    return answers


def done(world: FaultyDeployment) -> set[str]:
    """The names of the executions that have succeeded."""
    return {each["name"] for each in world.executions() if each["status"] == "SUCCEEDED"}


def wrong_with(case: TicketJourney) -> list[str]:
    """What is wrong: there must be one mail, one closed issue and one first message, however it came to that."""
    issues = [(issue["title"].split(" - ")[0], issue["state"]) for issue in case.issues()]
    first = [message for message in case.messages() if "thread_ts" not in message]
    seen = (len(case.mails()), issues, len(first))
    return [] if seen == (1, [("[Success]", "closed")], 1) else [f"{case.request_id}: {seen}"]


def main(many: int, seed: int) -> int:
    dice = random.Random(seed)  # noqa: S311  not for secrets
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder, without_ledger(folder) as world:
        at_once(world, FEW, dice)  # so that processes are warm
        few, wrong_of_few = at_once(world, FEW, dice)
        print(f"{FEW} at once: {few:.2f} s a request, {len(wrong_of_few)} ended wrong")
        all_of_them, wrong = at_once(world, many, dice)
        print(f"{many} at once: {all_of_them:.2f} s a request, {len(wrong)} ended wrong")
    print(*wrong_of_few, *wrong, sep="\n")
    return int(bool(wrong_of_few or wrong) or all_of_them > few * MOST_TIMES_SLOWER)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(given[0] if given else 200, given[1] if len(given) > 1 else 1))
