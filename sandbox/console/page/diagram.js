// The state machine as a drawing, along the page or, where that is narrow, down it.

import { layout } from './layout.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 136;
const HEIGHT = 52;
const GAP = 30;
const NARROW = 900;
const MARKS = { running: '…', retrying: '↻', succeeded: '✓', failed: '✗', 'timed-out': '✗', stopped: '■' };

export class Diagram {
  #box;
  #machine;
  #plan;
  #nodes = new Map();
  #steps = [];
  #down = null;

  constructor(box, machine) {
    this.#box = box;
    this.#machine = machine;
    this.#plan = layout(machine);
    new ResizeObserver(() => this.#fit()).observe(box);
    this.#fit();
  }

  /** Marks the states that the execution has reached; `steps` is empty when there is none. */
  show(steps) {
    this.#steps = steps;
    for (const [name, { group, line }] of this.#nodes) {
      const step = steps.findLast((each) => each.state === name);
      const status = step?.status ?? 'waiting';
      const shown = step ? words(step) : '';
      if (group.dataset.status === status && line.textContent === shown) continue;
      group.dataset.status = status;
      line.textContent = shown;
      group.setAttribute('aria-label', `${name}: ${shown || 'not reached'}`);
    }
    for (const edge of this.#box.querySelectorAll('[data-edge]')) {
      const [from, to] = JSON.parse(edge.dataset.edge);
      edge.classList.toggle('edge--taken', this.#reached(to) && this.#reached(from));
    }
  }

  #reached(name) {
    return this.#steps.some((each) => each.state === name);
  }

  #fit() {
    const down = this.#box.clientWidth < NARROW;
    if (down === this.#down) return;
    this.#down = down;
    this.#draw();
    this.show(this.#steps);
  }

  #at({ along, lane }) {
    const [x, y] = this.#down ? [lane, along] : [along, lane];
    return { x: x * (WIDTH + GAP) + 2, y: y * (HEIGHT + GAP) + 2 };
  }

  #draw() {
    const { places, edges, length, lanes } = this.#plan;
    const [columns, rows] = this.#down ? [lanes, length] : [length, lanes];
    const [width, height] = [columns * (WIDTH + GAP) - GAP + 4, rows * (HEIGHT + GAP) - GAP + 4];
    const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, role: 'list', 'aria-label': 'The states' });
    svg.style.maxWidth = `${width * 1.15}px`;
    svg.append(arrowhead(), ...edges.map((edge) => this.#edge(edge)));
    this.#nodes.clear();
    for (const [name, place] of places) svg.append(this.#node(name, place));
    this.#box.replaceChildren(svg);
  }

  #node(name, place) {
    const { x, y } = this.#at(place);
    const { Type, Comment } = this.#machine.States[name];
    const group = make('g', { transform: `translate(${x} ${y})`, class: `state state--${Type.toLowerCase()}`, role: 'listitem' });
    const line = make('text', { x: WIDTH / 2, y: 38, class: 'state__line' });
    group.append(
      titled(Comment ?? name),
      Type === 'Choice'
        ? make('polygon', { points: hexagon() })
        : make('rect', { width: WIDTH, height: HEIGHT, rx: Type === 'Task' ? 8 : HEIGHT / 2 }),
      written(make('text', { x: WIDTH / 2, y: 22, class: 'state__name' }), name),
      line,
    );
    this.#nodes.set(name, { group, line });
    return group;
  }

  #edge({ from, to, words: condition }) {
    const [a, b] = [from, to].map((name) => this.#at(this.#plan.places.get(name)));
    const aside = this.#down ? a.x !== b.x : a.y !== b.y;
    const [start, end] = this.#down
      ? [{ x: a.x + WIDTH / 2, y: a.y + HEIGHT }, { x: b.x + WIDTH / 2, y: b.y }]
      : [{ x: a.x + WIDTH, y: a.y + HEIGHT / 2 }, { x: b.x, y: b.y + HEIGHT / 2 }];
    const corner = this.#down
      ? [{ x: a.x + WIDTH, y: a.y + HEIGHT / 2 }, { x: b.x + WIDTH / 2, y: a.y + HEIGHT / 2 }]
      : [{ x: a.x + WIDTH / 2, y: a.y + HEIGHT }, { x: a.x + WIDTH / 2, y: b.y + HEIGHT / 2 }];
    const points = aside ? [...corner, end] : [start, end];
    const group = make('g', { class: 'edge' });
    group.dataset.edge = JSON.stringify([from, to]);
    group.append(make('polyline', { points: points.map(({ x, y }) => `${x},${y}`).join(' '), 'marker-end': 'url(#arrow)' }));
    if (condition) group.append(written(make('text', beside(points[0], aside !== this.#down)), condition));
    return group;
  }
}

const words = ({ status, attempts, seconds }) => {
  const took = seconds >= 0.05 ? `${seconds.toFixed(1)} s` : '';
  const times = attempts > 1 ? ` (${attempts}×)` : '';
  return `${MARKS[status]} ${status === 'succeeded' ? `${took}${times}` : `${status.replace('-', ' ')}${times}`}`;
};

/** Where an edge's words go: beside a line that goes down, above one that goes along. */
const beside = ({ x, y }, down) => (down ? { x: x + 6, y: y + 16 } : { x: x + 3, y: y - 6 });

const hexagon = () =>
  [[14, 0], [WIDTH - 14, 0], [WIDTH, HEIGHT / 2], [WIDTH - 14, HEIGHT], [14, HEIGHT], [0, HEIGHT / 2]].map((point) => point.join()).join(' ');

function arrowhead() {
  const marker = make('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' });
  marker.append(make('path', { d: 'M0 0 8 4 0 8z' }));
  const definitions = make('defs');
  definitions.append(marker);
  return definitions;
}

function make(name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const written = (node, text) => {
  node.textContent = text;
  return node;
};

const titled = (text) => written(make('title'), text);
