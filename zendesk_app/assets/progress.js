// The six steps of a request.

import { el, foreign } from './dom.js';
import { STEP_STATUS, STEPS } from './words.js';

/** The steps of a request that was just asked for. */
export const notStarted = () => Object.keys(STEPS).map((name) => ({ name, status: 'pending' }));

export const stepRows = (steps) => steps.map(stepRow);

/** What a screen reader says as steps go by. */
export function progressIn(steps) {
  const at = steps.findIndex((step) => ['running', 'failed'].includes(step.status));
  if (at < 0) return '';
  return `Step ${at + 1} of ${steps.length}, ${STEPS[steps[at].name]}: ${STEP_STATUS[steps[at].status]}.`;
}

function stepRow(step) {
  return el(
    'li',
    { class: `row row--${step.status}`, 'data-step': step.name },
    el('span', {}, STEPS[step.name] ?? step.name),
    el('span', { class: 'visually-hidden' }, `: ${STEP_STATUS[step.status] ?? step.status}`),
    step.status === 'done' && step.at ? el('time', { datetime: step.at }, `${step.at.slice(11, 16)} UTC`) : null,
    step.message ? foreign(step.message, 'p') : null,
  );
}
