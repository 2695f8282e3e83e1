// The internal notes that the system left on the ticket.

import { $, clock, el, list } from './dom.js';

export function showNotes(notes) {
  $('notes-count').textContent = notes.length || '';
  list($('notes'), notes, note);
}

function note({ at, text }) {
  const [first, ...others] = text.split('\n');
  return el(
    'article',
    { class: 'item note' },
    el('p', { class: 'item__about' }, clock(at)),
    el('p', { class: 'item__title' }, first),
    el('p', { class: 'text lines' }, others.join('\n')),
  );
}
