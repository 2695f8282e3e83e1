// Elements made of text: nothing that comes from outside is ever parsed as HTML.

export const $ = (id) => document.getElementById(id);

/** An element; attributes that are null or false are left out, children are elements or text. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== false));
  return node;
}

/** Text that came from outside: its direction is its own, and it never widens the page. */
export const foreign = (text, name = 'span') => el(name, { class: 'foreign', dir: 'auto' }, text);

/** A link that opens beside the ticket, or null for an address that is no web page. */
export function link(url, text) {
  if (!/^https?:\/\//.test(url ?? '')) return null;
  return el('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text);
}

export function button(text, { primary = false } = {}) {
  return el('button', { type: 'button', class: `c-btn c-btn--sm${primary ? ' c-btn--primary' : ''}` }, text);
}
