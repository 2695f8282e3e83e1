// The Slack channel: first-level messages, each with its thread.

import { $, clock, el, list } from './dom.js';
import { report } from './report.js';

const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

export function showMessages(messages) {
  $('slack-count').textContent = messages.length || '';
  const threads = messages
    .filter((message) => !message.thread_ts)
    .map((message) => [message, ...messages.filter((reply) => reply.thread_ts === message.ts)]);
  list($('slack'), threads, thread);
}

function thread([first, ...replies]) {
  return el(
    'article',
    { class: 'item' },
    said(first),
    replies.length ? el('div', { class: 'thread', role: 'group', 'aria-label': 'Thread' }, ...replies.map(said)) : null,
  );
}

function said({ text, ts }) {
  const plain = text.replace(/&(lt|gt|amp);/g, (entity) => ENTITIES[entity]);
  return el(
    'div',
    { class: 'message' },
    el('p', { class: 'item__about' }, el('strong', {}, 'Mechanizer'), ` ${clock(Number(ts) * 1000)}`),
    ...report(plain),
  );
}
