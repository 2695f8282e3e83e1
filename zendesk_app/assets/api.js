// Calls to the Mechanizer API, signed by Zendesk's proxy.

import { FAULTS } from './words.js';

// Zendesk's proxy gives up after about 29 s and says nothing.
const MOST_SECONDS = 30;
const TOKEN_SECONDS = 60;

/** An answer that is no success, or none: `status` is 0 then. `message` is for the engineer. */
export class ApiError extends Error {
  constructor(status, body) {
    super((FAULTS[status] ?? FAULTS.other)(body.message, status));
    this.status = status;
    this.fields = body.fields ?? {};
    this.requestId = body.request_id ?? null;
  }

  /** The call may have had its effect. */
  get lost() {
    return this.status === 0 || (this.status >= 500 && this.status !== 503);
  }
}

export class Api {
  #zendesk;
  #claims;
  #ticketId;

  constructor(zendesk, { agent, ticketId }) {
    this.#zendesk = zendesk;
    this.#ticketId = ticketId;
    this.#claims = { iss: zendesk.account, aud: 'mechanizer', sub: agent.id, ticket_id: String(ticketId) };
  }

  /** The dry run; what is left out of `asked` leaves its checks out. */
  eligibility(asked) {
    const query = new URLSearchParams(asked).toString();
    return this.#call('GET', `/tickets/${this.#ticketId}/eligibility${query && `?${query}`}`);
  }

  request(requestId) {
    return this.#call('GET', `/requests/${requestId}`);
  }

  submit(body) {
    return this.#call('POST', '/requests', { ticket_id: this.#ticketId, ...body });
  }

  async #call(type, path, body) {
    const call = this.#zendesk.request({
      url: this.#zendesk.apiUrl + path,
      type,
      contentType: 'application/json',
      dataType: 'json',
      ...(body && { data: JSON.stringify(body) }),
      secure: true,
      cors: false,
      autoRetry: false,
      timeout: MOST_SECONDS * 1000,
      headers: { Authorization: 'Bearer {{jwt.token}}' },
      jwt: { algorithm: 'HS256', secret_key: '{{setting.shared_secret}}', expiry: TOKEN_SECONDS, claims: this.#claims },
    });
    try {
      return await within(MOST_SECONDS, call);
    } catch (answer) {
      throw new ApiError(answer.status ?? 0, bodyOf(answer));
    }
  }
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject({ status: 0 }), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function bodyOf(answer) {
  if (answer.responseJSON) return answer.responseJSON;
  try {
    return JSON.parse(answer.responseText) ?? {};
  } catch {
    return {};
  }
}
