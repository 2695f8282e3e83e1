// The GitLab issues, with their comments.

import { $, el, list } from './dom.js';
import { markdown } from './markdown.js';

export function showIssues(issues) {
  $('issues-count').textContent = issues.length || '';
  list($('issues'), issues, issue);
}

function issue({ iid, title, state, confidential, labels, description, notes }) {
  const closed = state === 'closed';
  return el(
    'article',
    { class: 'item' },
    el(
      'p',
      { class: 'item__title' },
      `#${iid} ${title} `,
      el('span', { class: `badge badge--${closed ? 'succeeded' : 'failed'}` }, closed ? 'closed' : 'open'),
    ),
    el('p', { class: 'item__about' }, [confidential ? 'confidential' : 'public', ...labels].join(' · ')),
    el('div', { class: 'text' }, ...markdown(description)),
    ...notes.map(({ body }) => el('div', { class: 'text comment' }, el('p', { class: 'item__about' }, 'Comment'), ...markdown(body))),
  );
}
