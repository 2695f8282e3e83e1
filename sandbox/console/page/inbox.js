// The customer's inbox: each mail as a mail program shows it, and the license in it.

import { $, el, list } from './dom.js';

const WORDS = { Send: 'sent', Delivery: 'delivered', Bounce: 'bounced', Complaint: 'marked as spam' };

export function showInbox(mails) {
  $('inbox-count').textContent = mails.length || '';
  list($('inbox'), mails, mail);
}

function mail({ headers, html, text, licenses, events }) {
  const bounced = events.includes('Bounce');
  const state = el('span', { class: `badge badge--${bounced ? 'failed' : 'succeeded'}` }, WORDS[events.at(-1)] ?? events.at(-1));
  return el(
    'article',
    { class: 'item' },
    el('p', { class: 'item__title' }, headers.Subject, ' ', state),
    el('p', { class: 'item__about' }, `to ${headers.To} · from ${headers.From}`),
    bounced ? el('p', { class: 'warning' }, 'It bounced: the customer has not got it.') : null,
    rendered(html),
    el('details', {}, el('summary', {}, 'As plain text'), el('pre', {}, text)),
    ...licenses.map(license),
  );
}

/** Without rights: no script, no origin, and under this page's policy no address outside. */
function rendered(html) {
  return el('iframe', { class: 'mail', title: 'The mail, as the customer sees it', sandbox: '', srcdoc: html });
}

function license({ name, text, content }) {
  return el(
    'section',
    { class: 'license', 'aria-label': name },
    el('p', { class: 'license__name' }, name),
    content ? contents(content) : el('p', { class: 'warning' }, 'It can’t be read with the public key.'),
    el('details', {}, el('summary', {}, 'The file, as it is attached'), el('pre', { class: 'cipher' }, text)),
  );
}

function contents({ licensee, issued_at, expires_at, block_changes_at, restrictions }) {
  const trial = restrictions.trial ? ' trial' : '';
  const facts = {
    'Licensed to': `${licensee.Name}, ${licensee.Email}`,
    Plan: `${restrictions.plan}${trial} for ${restrictions.active_user_count} users`,
    Starts: issued_at,
    Expires: expires_at,
    'Blocks changes': block_changes_at,
  };
  return el('dl', {}, ...Object.entries(facts).flatMap(([fact, value]) => [el('dt', {}, fact), el('dd', {}, value)]));
}
