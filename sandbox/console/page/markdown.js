// As much of GitLab's Markdown as the issues have: paragraphs, lists, code spans and fences. It makes text nodes only.

import { el } from './dom.js';

const FENCE = /^(`{3,})\w*$/;

export function markdown(text) {
  const nodes = [];
  const lines = text.split('\n');
  while (lines.length) {
    const line = lines.shift();
    const fence = FENCE.exec(line);
    if (fence) nodes.push(fenced(lines, fence[1]));
    else if (line.startsWith('- ')) nodes.push(bullets(line, lines));
    else if (line.trim()) nodes.push(el('p', {}, ...spans(line)));
  }
  return nodes;
}

function fenced(lines, fence) {
  const end = lines.indexOf(fence);
  const code = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  return el('details', {}, el('summary', {}, `${code.length} lines`), el('pre', { class: 'cipher' }, code.join('\n')));
}

function bullets(first, lines) {
  const items = [first];
  while (lines[0]?.startsWith('- ')) items.push(lines.shift());
  return el('ul', {}, ...items.map((item) => el('li', {}, ...spans(item.slice(2)))));
}

/** A code span ends with as many backticks as it began with. */
function spans(line) {
  return line
    .split(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/)
    .reduce((nodes, part, index) => {
      if (index % 3 === 0) nodes.push(part);
      else if (index % 3 === 2) nodes.push(el('code', {}, part));
      return nodes;
    }, []);
}
