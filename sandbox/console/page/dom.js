// Small helpers; whatever is put in is text.

export const $ = (id) => document.getElementById(id);

/** A node with attributes and children; a child that is no node is text. `null` children are left out. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

const shown = new WeakMap();

/** One node an item. An item that has not changed keeps its node, and what a person did to it. */
export function list(container, items, make) {
  const before = shown.get(container) ?? new Map();
  const now = new Map();
  items.forEach((item, index) => {
    const key = JSON.stringify([index, item]);
    now.set(key, before.get(key) ?? make(item, index));
  });
  shown.set(container, now);
  for (const [key, node] of before) if (!now.has(key)) node.remove();
  [...now.values()].forEach((node, index) => {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  });
}

/** Sets a text only if it is another one, so that nothing is announced twice. */
export function say(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

export const clock = (moment) => new Date(moment).toISOString().slice(11, 19);
