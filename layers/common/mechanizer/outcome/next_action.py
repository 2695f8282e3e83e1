"""What the engineer does now: one table, whose words the app, the issue, the message and the note use."""

from mechanizer.outcome.status import Failure, Status

_REPLACE = "Ask again to replace this request once their address works; or give the customer the license from the issue, if there is one yet."
_REPLACE_RETRIED = "Ask again to replace this request once their address works; the e-mail did not arrive, and what is left is tried again by itself."
_REPLACE_STUCK = "Ask again to replace this request once their address works; or redrive the execution once the cause is fixed, and give the customer the license from its issue."
_ISSUED = {
    None: "Tell the customer to look for the license in their mail; if it is not there, the issue has a copy.",
    "delayed": "Wait: the customer's mail server has not taken the e-mail yet; the issue has a copy of the license.",
    "complained": "Ask the customer whether they have the license: their mail program reported it as unwanted.",
    "bounced": _REPLACE,
    "rejected": _REPLACE,
}
# The same when a later step failed: tried again by itself, and not.
_UNFINISHED = {
    True: {
        None: "Nothing: the customer has the license, and what is left is tried again by itself.",
        "complained": "Ask the customer whether they have the license, as their mail program reported it as unwanted; what is left is tried again by itself.",
        "bounced": _REPLACE_RETRIED,
        "rejected": _REPLACE_RETRIED,
    },
    False: {
        None: "Redrive the execution once the cause is fixed: the customer has the license, but the trail is not complete.",
        "complained": "Ask the customer whether they have the license, as their mail program reported it as unwanted, and redrive the execution once the cause is fixed.",
        "bounced": _REPLACE_STUCK,
        "rejected": _REPLACE_STUCK,
    },
}
_REFUSED = {
    "ticket_not_found": "Open the app in the customer's ticket and ask again there.",
    "ticket_closed": "Ask the customer to open a new ticket, and ask again there.",
    "agent_not_allowed": "Ask an active agent to do it.",
    "requester_mismatch": "Enter the e-mail address of the person who opened the ticket, and ask again.",
    "no_organization": "Set the ticket's organization if the customer has one, and ask again.",
    "prospect": "Tell the customer that prospects get no emergency license, and refer them to Sales.",
    "no_paid_plan": "Tell the customer that only paid plans get an emergency license, and refer them to Sales.",
    "account_on_hold": "Tell the customer that their account is on hold, and refer them to their account manager.",
    "grace_period_not_over": "Tell the customer that the license still works in its grace period, and check the expiry date.",
    "grace_period_over_too_long": "Refer the customer to their account manager: the time for an emergency license is over.",
    "not_emergency_day": "Ask the team that makes licenses: it is at work today.",
    "already_issued": "Use the license that was issued for this ticket: its issue has a copy.",
    "screenshots_missing": "Ask the customer for the missing screenshots, and ask again when they are on the ticket.",
}
_FAILED = {
    "NotConfigured": "Ask an operator to set what the error names, then ask again with the same details.",
    "SigningKeyInvalid": "Ask an operator to set a valid signing key, then ask again with the same details.",
    "VendorRejected": "Ask an operator to fix what the error names, then ask again with the same details.",
    "EmailRejected": "Ask an operator to look at the e-mail settings, then ask again with the same details.",
    "LicenseExpired": "Ask again with other details, for a new request: this license is past its last day.",
    "InvalidRequest": "Correct the input and start it again.",
    "Aborted": "Ask again with the same details if the customer still needs the license: a person stopped this.",
}
_RUNNING = "Wait: the license is being made."
_RETRIED = {
    False: "Wait: it is tried again by itself; the customer has no license yet.",
    True: "Wait: it is tried again by itself, after a look whether the customer has the license already.",
}
_GIVEN_UP = "Ask again with the same details once the cause is fixed, or redrive the execution: nothing retries it any more."
_SUPERSEDED = "Look at the ticket's newer request: it has taken this one's place."


def next_action(
    status: Status,
    *,
    failure: Failure | None = None,
    reasons: tuple[str, ...] = (),
    delivery: str | None = None,
) -> str:
    """One sentence that says what the engineer does now."""
    if status is Status.ISSUED and failure:
        sentences = _UNFINISHED[failure.will_retry]
        return sentences.get(delivery, sentences[None])
    if status is Status.ISSUED:
        return _ISSUED.get(delivery, _ISSUED[None])
    if status is Status.REFUSED:
        return next(sentence for code, sentence in _REFUSED.items() if code in reasons)
    if status is Status.FAILED and failure:
        if failure.will_retry:
            return _RETRIED[failure.email_may_be_out]
        return _FAILED.get(failure.code, _GIVEN_UP)
    return _SUPERSEDED if status is Status.SUPERSEDED else _RUNNING
