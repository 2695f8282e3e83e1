// The four things that the engineer says, and what is wrong with them.

import { $ } from './dom.js';
import { draft, username } from './memory.js';

const EMAIL = /^[\x21-\x7e]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const USERNAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}$/;
const MOST_USERS = 1_000_000;

// The rules are the API's; these few catch slips before a call.
const FIELDS = {
  gitlab_username: {
    name: 'your username',
    valid: (text) => USERNAME.test(text) && !/\.(git|atom)?$/.test(text),
    fault: 'Letters, digits and _ - . only, without @.',
  },
  customer_email: {
    name: 'the e-mail address',
    valid: (text) => text.length <= 254 && EMAIL.test(text),
    fault: 'One e-mail address, such as ops@customer.example.',
  },
  user_count: {
    name: 'the user count',
    valid: (text) => /^[0-9]{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_USERS,
    fault: 'A whole number from 1 to 1000000, in digits only.',
  },
  license_expired_on: {
    name: 'the expiry date',
    valid: (text) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text),
    fault: 'The date on the license page.',
  },
};
const NAMES = Object.keys(FIELDS);

export class Form {
  #agent;
  #ticketId;
  #emailIsTheirs = true;

  /** `changed()` is called after each change. */
  constructor({ agent, ticketId, requesterEmail }, changed) {
    this.#agent = agent;
    this.#ticketId = ticketId;
    $('gitlab_username').value = username.of(agent.id) ?? usernameIn(agent.email);
    $('customer_email').value = requesterEmail;
    for (const [name, value] of Object.entries(draft.of(ticketId))) $(name).value = value;
    sayDate();
    for (const name of NAMES) {
      $(name).addEventListener('input', () => {
        if (name === 'customer_email') this.#emailIsTheirs = false;
        this.#say(name, '');
        sayDate();
        this.#keep();
        changed();
      });
      $(name).addEventListener('change', () => this.#say(name, text(name) && this.#fault(name)));
    }
  }

  /** The requester may have become another one; what the engineer typed stays. */
  requesterIs(email) {
    if (this.#emailIsTheirs) $('customer_email').value = email;
  }

  /** The body of POST /requests. */
  values() {
    return {
      gitlab_username: text('gitlab_username'),
      customer_email: text('customer_email'),
      user_count: Number(text('user_count')),
      license_expired_on: text('license_expired_on'),
    };
  }

  /** What the dry run can be asked about so far. */
  query() {
    const known = ['customer_email', 'license_expired_on'].filter((name) => !this.#fault(name));
    return Object.fromEntries(known.map((name) => [name, text(name)]));
  }

  /** What is still to be filled in or corrected, in words; '' when nothing is. */
  missing() {
    const names = NAMES.filter((name) => this.#fault(name)).map((name) => FIELDS[name].name);
    return names.length ? `Fill in ${new Intl.ListFormat('en').format(names)}.` : '';
  }

  /** Shows every fault and goes to the first. */
  showFaults(faults = Object.fromEntries(NAMES.map((name) => [name, this.#fault(name)]))) {
    const wrong = NAMES.filter((name) => faults[name]);
    for (const name of NAMES) this.#say(name, faults[name] ?? '');
    if (wrong.length) $(wrong[0]).focus();
  }

  lock(locked) {
    for (const name of NAMES) $(name).readOnly = locked;
  }

  rememberUsername() {
    username.keep(this.#agent.id, text('gitlab_username'));
  }

  #keep() {
    draft.keep(this.#ticketId, { user_count: text('user_count'), license_expired_on: text('license_expired_on') });
  }

  #fault(name) {
    return FIELDS[name].valid(text(name)) ? '' : FIELDS[name].fault;
  }

  #say(name, fault) {
    const input = $(name);
    const message = $(`${name}-fault`);
    message.textContent = fault;
    message.hidden = !fault;
    input.parentElement.classList.toggle('c-field--error', Boolean(fault));
    input.setAttribute('aria-invalid', String(Boolean(fault)));
    const described = [fault && message.id, $(`${name}-hint`)?.id].filter(Boolean).join(' ');
    if (described) input.setAttribute('aria-describedby', described);
    else input.removeAttribute('aria-describedby');
  }
}

const text = (name) => $(name).value.trim();

/** A date field shows its value in the browser's order of day and month; this shows it beyond doubt. */
function sayDate() {
  const date = text('license_expired_on');
  const format = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });
  const known = FIELDS.license_expired_on.valid(date);
  $('license_expired_on-said').textContent = known ? format.format(new Date(date)) : '';
}

const usernameIn = (email) => email.split('@')[0].replace(/[^A-Za-z0-9_.-]/g, '');
