// Zendesk's side of the apps framework (ZAF v2): the messages that the SDK in the app's frame sends and expects.

import { actions, setters } from './editor.js';

const unknown = (path) => ({ name: 'APIUnknownError', message: 'No such Api', path });

export class Framework {
  #frame;
  #url;
  #registration;
  #lookUp;
  #guid = crypto.randomUUID();
  #subscribed = new Set();

  /** Every message that went to the app or came from it. */
  messages = [];

  /** `lookUp(path)` gives a fact about the ticket or the agent, undefined if there is none. */
  constructor({ frame, appUrl, settings, context, lookUp }) {
    this.#frame = frame;
    this.#url = new URL('start.html', appUrl);
    this.#url.search = new URLSearchParams({ origin: location.origin, app_guid: this.#guid });
    this.#registration = {
      metadata: { appId: 1, installationId: 1, name: 'Mechanizer', version: '1.0.0', plan: null, settings },
      context: { ...context, instanceGuid: this.#guid },
    };
    this.#lookUp = lookUp;
  }

  start() {
    window.addEventListener('message', (event) => this.#receive(event));
    this.#frame.src = this.#url.href;
  }

  /** Sends the app an event that it subscribed to. */
  fire(event, message) {
    if (this.#subscribed.has(event)) this.#post({ key: `zaf.${event}`, message });
  }

  #post(message) {
    this.messages.push({ to: 'app', ...message });
    this.#frame.contentWindow.postMessage(JSON.stringify(message), this.#url.origin);
  }

  #receive(event) {
    if (event.source !== this.#frame.contentWindow || event.origin !== this.#url.origin) return;
    const message = JSON.parse(event.data);
    if (message.appGuid !== this.#guid) return;
    this.messages.push({ to: 'host', ...message });
    const { key, request } = message;
    if (request) this.#post({ id: message.id, result: this.#answer(request, message.params) });
    else if (key === 'iframe.handshake') this.#register();
    else if (key.startsWith('iframe.on:')) this.#subscribed.add(key.slice('iframe.on:'.length));
    else if (/^request:\d+$/.test(key)) this.#forward(key, message.message);
  }

  #register() {
    this.#subscribed.clear();
    this.#post({ key: 'zaf.app.registered', message: this.#registration });
  }

  #answer(request, params) {
    switch (request) {
      case 'get':
        return each(params, (path) => this.#lookUp(path) ?? refuse(path));
      case 'set':
        return each(Object.keys(params), (path) => (setters[path] ?? refuse(path))(params[path]));
      default:
        return each(Object.keys(params), (path) => (actions[path] ?? refuse(path))(this.#frame, ...params[path]));
    }
  }

  /** Zendesk signs and sends an app's requests on its servers; the sandbox does. */
  async #forward(key, options) {
    const answer = await fetch('proxy', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(options),
    }).then(
      (response) => response.json(),
      () => ({ status: 0, reason: 'error', text: '' }),
    );
    const json = parsed(answer.text);
    const xhr = { status: answer.status, statusText: answer.reason, responseText: answer.text, responseJSON: json };
    const done = answer.status >= 200 && answer.status < 300;
    this.#post({
      key: `zaf.${key}.${done ? 'done' : 'fail'}`,
      message: { responseArgs: done ? [json ?? answer.text, 'success', xhr] : [xhr, 'error', answer.reason] },
    });
  }
}

/** One result a name; what could not be done is among `errors`. */
function each(names, act) {
  const result = { errors: {} };
  for (const name of names) {
    try {
      result[name] = act(name) ?? null;
    } catch (error) {
      if (error.name !== 'APIUnknownError') throw error;
      result.errors[name] = error;
    }
  }
  return result;
}

function refuse(path) {
  throw unknown(path);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
