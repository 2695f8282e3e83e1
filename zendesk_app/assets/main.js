// Wires the ticket, the form, the API and the page together.

import { Api, ApiError } from './api.js';
import { blockers, showChecks, showScreenshots } from './checks.js';
import { $, el } from './dom.js';
import { Follower, settled } from './follow.js';
import { Form } from './form.js';
import { showOutcome, spoken, titleOf } from './outcome.js';
import { notStarted } from './progress.js';
import { SCREENSHOTS_REPLY } from './words.js';
import { connect } from './zaf.js';

const TYPING = 400; // milliseconds without a keystroke
const LOOKS_AFTER_A_LOST_ANSWER = [1000, 2000, 4000];

const numberOf = (request) => Number(request.request_id.split('-').at(-1));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class App {
  #latest = null; // the ticket's latest request, as the API shows it
  #verdict = null; // the dry run's answer to #asked, or { fault }
  #asked = null;
  #notice = ''; // how the engineer came to see #latest
  #trouble = ''; // why there is no news of it
  #opened = false; // the engineer took the door that an outcome offers
  #stale = false; // news of #latest no longer come by themselves
  #sending = false;
  #spoken = '';
  #shown = '';
  #timer = null;

  constructor(zendesk, ticket) {
    this.zendesk = zendesk;
    this.api = new Api(zendesk, ticket);
    this.form = new Form(ticket, () => this.#formChanged());
    this.follower = new Follower((id) => this.api.request(id), (found) => this.#followed(found));
    showScreenshots(ticket.images);
    $('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#press();
    });
    zendesk.onChange(() => this.#ticketChanged());
    zendesk.onShown(() => this.follower.show(), () => this.follower.hide());
    zendesk.fit(document.body);
    $('opening').hidden = true;
    this.#render();
    this.#check();
  }

  // -- the dry run

  #formChanged() {
    $('fault').replaceChildren();
    const asked = JSON.stringify(this.form.query());
    if (asked !== this.#asked) {
      this.#asked = asked;
      this.#verdict = null;
      this.#later(() => this.#check(), TYPING);
    }
    this.#render();
  }

  #ticketChanged() {
    this.#later(async () => {
      const ticket = await this.zendesk.look();
      showScreenshots(ticket.images);
      this.form.requesterIs(ticket.requesterEmail);
      if (this.follower.id) this.follower.hurry();
      if (!this.follower.id || !$('form').hidden) await this.#check();
    }, TYPING);
  }

  #later(act, milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, milliseconds);
  }

  /** Asks the API how things stand; a later question makes the answer to an earlier one void. */
  async #check() {
    const query = this.form.query();
    const asked = JSON.stringify(query);
    this.#asked = asked;
    this.#verdict = null;
    this.#render();
    const verdict = await this.api.eligibility(query).catch((fault) => ({ fault: fault.message }));
    if (asked !== this.#asked) return;
    this.#verdict = verdict;
    if (verdict.latest_request) this.#adopt(verdict.latest_request);
    this.#render();
  }

  /** An answer may be older than what is known by now. */
  #adopt(request) {
    if (this.#latest && numberOf(request) < numberOf(this.#latest)) return;
    this.#take(request);
    if (!settled(request) && this.follower.id !== request.request_id) this.follower.follow(request.request_id);
  }

  #take(request) {
    if (this.#latest?.status === 'running' && request.status !== 'running') this.#notify(request);
    this.#latest = request;
  }

  // -- the press

  /** The request that a press would replace, if it is one that has to be named. */
  get #replaces() {
    if (this.#latest?.status === 'issued') return this.#latest.request_id;
    return this.#latest?.replaces ?? null;
  }

  /** Why the button is off, in words; '' when it is on. */
  #off() {
    if (this.#sending) return 'Asking…';
    if (this.form.missing()) return this.form.missing();
    if (!this.#verdict) return 'Checking the ticket…';
    if (this.#verdict.fault) return '';
    const [first, ...others] = blockers(this.#verdict, this.#replaces);
    if (!first) return '';
    return `Not possible: ${first.message}${others.length ? `, and ${others.length} more` : ''}.`;
  }

  async #press() {
    if (this.#sending) return;
    if (this.#off()) {
      if (this.form.missing()) this.form.showFaults();
      else $('checks-title').focus();
      this.#say(this.#off());
      return;
    }
    this.#sending = true;
    $('fault').replaceChildren();
    this.form.rememberUsername();
    this.#render();
    const before = this.#latest;
    const replaces = this.#replaces;
    try {
      const started = await this.api.submit({ ...this.form.values(), ...(replaces && { replaces }) });
      this.#started(started.request_id, '');
    } catch (fault) {
      if (!(fault instanceof ApiError)) throw fault;
      await this.#notStarted(fault, before);
    } finally {
      this.#sending = false;
      this.#render();
    }
  }

  #started(requestId, notice) {
    this.#latest = { ...STARTING, request_id: requestId, steps: notStarted() };
    this.#notice = notice;
    this.#trouble = '';
    this.#opened = false;
    this.follower.follow(requestId);
    this.#render();
    $('outcome-title').focus();
  }

  async #notStarted(fault, before) {
    if (fault.status === 409 && fault.requestId) {
      this.#started(fault.requestId, `${fault.message} This is how it stands.`);
    } else if (fault.status === 400 && Object.keys(fault.fields).length) {
      this.form.showFaults(fault.fields);
      this.#complain(fault.message);
    } else if (fault.lost) {
      await this.#findOut(fault, before);
    } else {
      this.#complain(`${fault.message} Nothing was started.`);
    }
  }

  /** The answer was lost: whether a request was started, only the API knows. */
  async #findOut(fault, before) {
    for (const milliseconds of LOOKS_AFTER_A_LOST_ANSWER) {
      await pause(milliseconds);
      const { latest_request: now } = await this.api.eligibility({}).catch(() => ({ latest_request: null }));
      if (now && (now.request_id !== before?.request_id || now.status !== before.status)) {
        this.#started(now.request_id, '');
        return;
      }
    }
    this.#complain(`${fault.message} No request is on record. Ask again: the same details never make a second license.`);
  }

  // -- the outcome

  #followed({ request, fault, gaveUp }) {
    this.#stale = gaveUp;
    if (fault) {
      this.#trouble = gaveUp ? fault.message : `${fault.message} Looking again by itself.`;
    } else {
      this.#trouble = '';
      this.#take(request);
      if (request.status === 'superseded') this.#check();
      if (request.status === 'refused' || (request.status === 'failed' && !request.error?.will_retry)) this.#check();
    }
    this.#render();
  }

  #notify(request) {
    const kind = { issued: 'notice', refused: 'alert', failed: 'error' }[request.status];
    if (kind) this.zendesk.notify(`Ticket ${request.ticket_id}: ${titleOf(request)}`, kind);
  }

  // -- the page

  /** The way on that an outcome offers while its form is closed. */
  #offer() {
    const open = () => {
      this.#opened = true;
      this.#render();
      $('form-title').focus();
      this.#check();
    };
    const { status, delivery, error } = this.#latest;
    if (status === 'failed' && error?.will_retry) return { text: 'Ask again now', take: open };
    if (status !== 'issued') return null;
    return ['bounced', 'rejected'].includes(delivery)
      ? { text: 'Replace it: send a new license', take: open }
      : { text: 'Replace it: more users', take: open };
  }

  #render() {
    const latest = this.#latest;
    const offer = latest && this.#offer();
    const formOpen = !latest || this.#opened || (!offer && latest.status !== 'running');
    const lookAgain = this.#stale ? () => this.follower.follow(latest.request_id) : null;
    const notice = this.#trouble || this.#notice;
    const shown = JSON.stringify([latest, notice, this.#opened, this.#stale]);
    if (shown !== this.#shown) {
      showOutcome(latest, { notice, offer: formOpen ? null : offer, lookAgain });
      this.#shown = shown;
      if (latest) this.#say(spoken(latest));
    }
    $('form').hidden = !formOpen;
    $('form-title').textContent = this.#formTitle();
    $('send').textContent = this.#formTitle();
    $('send').setAttribute('aria-disabled', String(Boolean(this.#off())));
    $('why').textContent = this.#why();
    this.form.lock(this.#sending);
    showChecks(this.#verdict, this.#replaces, (put) => this.#putReply(put));
  }

  #formTitle() {
    if (!this.#latest) return 'Generate the license';
    return this.#replaces ? 'Replace the license' : 'Ask again';
  }

  #why() {
    const off = this.#off();
    if (off) return off;
    if (this.#verdict?.fault) return 'You can ask: the rules are checked again then.';
    const more = this.#latest?.status === 'issued' && !['bounced', 'rejected'].includes(this.#latest.delivery);
    return more ? 'The user count must be larger than that of the license.' : '';
  }

  async #putReply(put) {
    try {
      await this.zendesk.draftReply(SCREENSHOTS_REPLY);
      put.textContent = 'The reply is in the editor, not sent';
      this.#say('The reply is in the editor, not sent.');
    } catch {
      put.textContent = 'Zendesk did not take the reply';
      this.#say('Zendesk did not take the reply.');
    }
  }

  #complain(text) {
    $('fault').replaceChildren(el('div', { class: 'c-callout c-callout--error' }, text));
  }

  #say(text) {
    if (text && text !== this.#spoken) $('announcer').textContent = text;
    this.#spoken = text;
  }
}

// A request that was just taken, until the API knows more of it.
const STARTING = {
  status: 'running',
  next_action: '',
  reasons: [],
  issue_url: null,
  expires_on: null,
  blocks_on: null,
  delivery: null,
  error: null,
  execution_url: null,
  replaces: null,
};

try {
  const zendesk = await connect();
  new App(zendesk, await zendesk.look());
} catch (fault) {
  $('opening').textContent = fault.message;
  throw fault;
}
