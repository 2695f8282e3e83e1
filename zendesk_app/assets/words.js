// What the app says in its own words. What to do about a request comes from the API, word for word.

export const STEPS = {
  check_eligibility: 'Check the rules',
  generate_license: 'Make the license',
  send_email: 'E-mail it to the customer',
  create_issue: 'Keep a copy in GitLab',
  notify_slack: 'Tell the team in Slack',
  comment_ticket: 'Leave a note on this ticket',
};

export const STEP_STATUS = {
  pending: 'not yet',
  running: 'at work',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
};

export const DELIVERY = {
  sent: 'Sent, not confirmed yet',
  delayed: 'Delayed on its way',
  delivered: 'Delivered',
  complained: 'Reported as unwanted',
  bounced: 'Bounced',
  rejected: 'Refused by the mail service',
};

// For each rule that is not met, the sentence with which the API would explain its refusal.
export const ADVICE = {
  ticket_not_found: "Open the app in the customer's ticket and ask again there.",
  ticket_closed: 'Ask the customer to open a new ticket, and ask again there.',
  agent_not_allowed: 'Ask an active agent to do it.',
  requester_mismatch: 'Enter the e-mail address of the person who opened the ticket, and ask again.',
  no_organization: "Set the ticket's organization if the customer has one, and ask again.",
  prospect: 'Tell the customer that prospects get no emergency license, and refer them to Sales.',
  no_paid_plan: 'Tell the customer that only paid plans get an emergency license, and refer them to Sales.',
  account_on_hold: 'Tell the customer that their account is on hold, and refer them to their account manager.',
  grace_period_not_over:
    'Tell the customer that the license still works in its grace period, and check the expiry date.',
  grace_period_over_too_long:
    'Refer the customer to their account manager: the time for an emergency license is over.',
  not_emergency_day: 'Ask the team that makes licenses: it is at work today.',
  already_issued: 'Use the license that was issued for this ticket: its issue has a copy.',
  screenshots_missing: 'Ask the customer for the missing screenshots, and ask again when they are on the ticket.',
};

export const SCREENSHOTS_REPLY = `Hello,

to make a short-term license for you, we need two screenshots of your GitLab instance:

1. Admin Area > Overview > Dashboard
2. Admin Area > License (in newer versions: Subscription), with the expiry date and the maximum users in view

Please attach them to your answer, and we go on at once.
`;

// Whole sentences, as others follow. In our own words where the API's message is written for a program, or there is none.
export const FAULTS = {
  0: () => 'No answer came.',
  401: (message) =>
    `The service does not accept this call: ${message ?? 'no reason given'}. If it stays so, ask an admin to look at the app’s shared secret.`,
  403: () => 'The service does not accept this ticket from here: reload the page.',
  404: () => 'The service does not know this. Ask an admin to look at the API address in the app’s settings.',
  429: () => 'Too many calls at once: wait a moment, then try again.',
  other: (message, status) => sentence(message ?? `The service has a problem (${status})`),
};

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
