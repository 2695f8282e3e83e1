// The dry run, as a list: a tick, or what is wrong and what to do about it.

import { $, button, el, foreign, link } from './dom.js';
import { ADVICE } from './words.js';

/** The checks that stand in the way. A request that replaces one may have an issued license before it. */
export function blockers(verdict, replaces) {
  return verdict.checks.filter((check) => !check.ok && !(check.code === 'already_issued' && replaces));
}

/** `verdict` is the API's answer, null while it is awaited, or has a `fault` when there is none. */
export function showChecks(verdict, replaces, putReply) {
  const list = $('checks');
  list.setAttribute('aria-busy', String(!verdict));
  if (!verdict) {
    if (!list.children.length) list.append(row('running', 'Checking the ticket…'));
    return;
  }
  if (verdict.fault) {
    list.replaceChildren(row('unknown', `Not checked: ${verdict.fault}`));
    return;
  }
  list.replaceChildren(...verdict.checks.map((check) => checkRow(check, replaces, putReply)));
}

export function showScreenshots(images) {
  $('screenshots-title').textContent = `Screenshots on the ticket: ${images.length}`;
  $('screenshots').replaceChildren(...images.map(picture));
}

function checkRow(check, replaces, putReply) {
  if (check.ok) return row('done', check.message);
  if (check.code === 'already_issued' && replaces) return row('done', `This request replaces ${replaces}`);
  const parts = [el('p', { class: 'hint' }, ADVICE[check.code] ?? '')];
  if (check.code === 'screenshots_missing') {
    const put = button('Put a reply into the editor');
    put.addEventListener('click', () => putReply(put));
    parts.push(put);
  }
  return row('failed', check.message, ...parts);
}

const SAID = { done: 'Met: ', failed: 'Not met: ', running: '', unknown: '' };

function row(kind, message, ...more) {
  return el(
    'li',
    { class: `row row--${kind}` },
    el('span', { class: 'visually-hidden' }, SAID[kind]),
    foreign(message),
    ...more,
  );
}

function picture({ name, url, thumbnail }) {
  const known = name || 'Screenshot';
  const image = thumbnail && el('img', { src: thumbnail, alt: known, class: 'thumbnail', loading: 'lazy' });
  const shown = (image && link(url, image)) ?? foreign(known);
  image?.addEventListener('error', () => image.replaceWith(foreign(known)));
  return el('li', {}, shown);
}
