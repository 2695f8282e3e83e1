// What has become of the ticket's latest request, and what to do now.

import { $, button, el, foreign, link } from './dom.js';
import { progressIn, stepRows } from './progress.js';
import { DELIVERY, STEPS } from './words.js';

const LOOK = {
  running: ['info', 'In progress'],
  issued: ['success', 'License issued'],
  refused: ['warning', 'Refused: no license was made'],
  failed: ['error', 'Not issued: a step failed'],
  superseded: ['info', 'A newer request has taken its place'],
};

const TROUBLE = {
  bounced: 'did not arrive',
  rejected: 'was not sent',
  complained: 'was reported as unwanted',
};

/** The title of a request's outcome. */
export function titleOf(request) {
  if (request.status === 'issued' && request.delivery in TROUBLE) {
    return `License issued, but the e-mail ${TROUBLE[request.delivery]}`;
  }
  if (request.status === 'issued' && request.error) return 'License issued, its trail is not complete';
  return LOOK[request.status][1];
}

/** What a screen reader says when a request has come so far. */
export const spoken = (request) =>
  request.status === 'running'
    ? progressIn(request.steps)
    : `${titleOf(request)}. ${request.next_action}`;

/**
 * `notice` is a sentence about how the engineer came to see this request, `offer` `{ text, take }` a door onwards,
 * `lookAgain` is called when the engineer asks for news that no longer come by themselves.
 */
export function showOutcome(request, { notice, offer, lookAgain }) {
  $('outcome').hidden = !request;
  if (!request) return;
  const focused = $('outcome').contains(document.activeElement);
  $('outcome').dataset.status = request.status;
  $('notice').textContent = notice;
  $('notice').hidden = !notice;
  $('card').className = `c-callout c-callout--${kindOf(request)}`;
  $('outcome-title').textContent = titleOf(request);
  $('story').replaceChildren(
    foreign(request.next_action, 'p'),
    ...[reasons(request), failure(request), facts(request)].filter(Boolean),
  );
  $('steps').replaceChildren(...(request.status === 'refused' ? [] : stepRows(request.steps)));
  $('actions').replaceChildren(
    ...(lookAgain ? [action('Look again', lookAgain)] : []),
    ...(offer ? [action(offer.text, offer.take)] : []),
  );
  // What had the focus may be gone now.
  if (focused && !$('outcome').contains(document.activeElement)) $('outcome-title').focus();
}

function action(text, act) {
  const made = button(text);
  made.addEventListener('click', act);
  return made;
}

function kindOf(request) {
  if (request.status === 'issued' && (request.delivery in TROUBLE || request.error)) return 'warning';
  return LOOK[request.status][0];
}

function reasons(request) {
  if (!request.reasons.length) return null;
  return el('ul', { class: 'reasons' }, request.reasons.map((reason) => foreign(reason.message, 'li')));
}

function failure({ error, execution_url: execution }) {
  if (!error) return null;
  return el(
    'div',
    { class: 'failure' },
    el('p', { class: 'label' }, STEPS[error.step] ?? error.step),
    foreign(`${error.code}: ${error.message}`, 'p'),
    error.will_retry ? null : link(execution, 'Open the execution'),
  );
}

function facts(request) {
  const issued = request.status === 'issued';
  const rows = [
    ['Expires on', issued && request.expires_on],
    ['Blocks changes on', issued && request.blocks_on],
    ['E-mail', DELIVERY[request.delivery]],
    ['Issue', request.issue_url && link(request.issue_url, 'Open the issue')],
    ['Replaces', request.replaces],
    ['Request', request.request_id],
  ].filter(([, value]) => value);
  return el('dl', { class: 'facts' }, rows.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]).flat());
}
