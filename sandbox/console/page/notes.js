// The internal notes that the system left on the ticket.

import { $, clock, el, list } from './dom.js';
import { report } from './report.js';

export function showNotes(notes) {
  $('notes-count').textContent = notes.length || '';
  list($('notes'), notes, note);
}

function note({ at, text }) {
  return el('article', { class: 'item note' }, el('p', { class: 'item__about' }, clock(at)), ...report(text));
}
