// The texts that the system writes for people: a title, then facts as `Name: value`, one a line, and what to do.

import { el } from './dom.js';

const FACT = /^([A-Z][\w ]{1,30}): (.+)$/;
const TO_DO = 'What to do now';

/** The nodes of such a text. */
export function report(text) {
  const [title, ...lines] = text.split('\n').filter((line) => line.trim());
  const facts = lines.map((line) => FACT.exec(line)).filter((fact) => fact && fact[1] !== TO_DO);
  const others = lines.filter((line) => !facts.some(([whole]) => whole === line));
  return [
    el('p', { class: 'item__title' }, title ?? ''),
    ...others.map((line) => el('p', { class: 'text' }, line)),
    el('dl', {}, ...facts.flatMap(([, name, value]) => [el('dt', {}, name), el('dd', value.startsWith('http') ? { class: 'address', title: value } : {}, value)])),
  ];
}
