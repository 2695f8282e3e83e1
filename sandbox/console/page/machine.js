// The executions of the ticket's requests: the drawing, the history, the buttons.

import { Diagram } from './diagram.js';
import { $, clock, el, list, say } from './dom.js';
import { press } from './server.js';

const STATUS = { RUNNING: 'running', SUCCEEDED: 'succeeded', FAILED: 'failed', TIMED_OUT: 'failed', ABORTED: 'stopped' };
const OVER = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];
const TICK = 250; // milliseconds

export class Machine {
  #diagram;
  #case = null;
  #executions = [];
  #known = 0;
  #shown = null;

  constructor({ machine }) {
    this.#diagram = new Diagram($('diagram'), machine);
    $('execution').addEventListener('change', () => this.#look($('execution').value));
    for (const act of ['rerun', 'redrive', 'stop']) {
      $(act).addEventListener('click', () => this.#press(`executions/${this.#shown.name}/${act}`));
    }
    $('sweep').addEventListener('click', () => this.#press('sweep'));
    $('example').addEventListener('click', () => this.#press(`tickets/${this.#case.ticket}/example`));
    setInterval(() => this.#countDown(), TICK);
  }

  /** Shows another ticket. */
  choose(chosen) {
    this.#case = chosen;
    this.#known = 0;
    this.#shown = null;
    say('said', '');
    $('example').hidden = !chosen.example;
    $('example').title = `events/state_machine/${chosen.example}.json, started by hand`;
    this.show([]);
  }

  /** Shows a new execution at once, else the one that was chosen. */
  show(executions) {
    this.#executions = executions;
    list($('execution'), executions.map(({ name, again }) => ({ name, again })), ({ name, again }) =>
      el('option', { value: name }, again ? `${name} (a re-run)` : name),
    );
    const name = executions.length > this.#known ? executions.at(-1).name : this.#shown?.name;
    this.#known = executions.length;
    this.#look(name);
  }

  #look(name) {
    const shown = this.#executions.find((each) => each.name === name) ?? null;
    this.#shown = shown;
    if (shown) $('execution').value = shown.name;
    $('execution').disabled = !shown;
    this.#diagram.show(shown?.steps ?? []);
    say('status', shown ? shown.status.toLowerCase().replace('_', ' ') : '');
    $('status').className = shown ? `badge badge--${STATUS[shown.status]}` : 'badge';
    say('summary', shown ? explained(shown) : 'Nothing has run for this ticket yet. Fill in the app and press its button.');
    const before = $('history').childElementCount;
    list($('history'), shown?.history ?? [], entry);
    if ($('history').childElementCount !== before) $('history').scrollTop = $('history').scrollHeight;
    $('rerun').disabled = !shown || !OVER.includes(shown.status);
    $('redrive').disabled = !shown?.redrivable;
    $('stop').disabled = shown?.status !== 'RUNNING';
    this.#countDown();
  }

  async #press(path) {
    say('said', await press(path));
  }

  #countDown() {
    const due = this.#shown?.retry_due;
    const seconds = due ? Math.ceil((new Date(due) - Date.now()) / 1000) : 0;
    const wait = seconds > 0 ? `is due in ${seconds} s (${clock(due)})` : 'is due: run it now';
    say('due', due ? `The scheduled retry ${wait}. Remove the cause first, or it fails again.` : '');
    $('due').dataset.due = due && seconds <= 0 ? 'now' : '';
  }
}

function explained({ summary, again, request_id }) {
  if (!again) return summary;
  return `${summary} This is another execution of request ${request_id}: each step finds in the ledger what is done, and does nothing twice.`;
}

function entry({ at, kind, text }) {
  return el('li', { class: `entry entry--${kind}` }, el('time', { datetime: at }, clock(at)), el('span', {}, text));
}
