// The page: a ticket, and the app in its sidebar. host.html?ticket=4242, and &agent=78 for another agent.

import { Framework } from './framework.js';
import { facts, showTicket } from './ticket.js';

const query = new URLSearchParams(location.search);
const address = `tickets/${Number(query.get('ticket'))}?agent=${Number(query.get('agent') ?? 77)}`;

const load = async () => (await fetch(address)).json();

let loaded = await load();
showTicket(loaded.ticket);

const framework = new Framework({
  frame: document.getElementById('app'),
  appUrl: loaded.app_url,
  settings: loaded.settings,
  context: { product: 'support', location: 'ticket_sidebar', account: { subdomain: loaded.account }, ticketId: loaded.ticket.id },
  lookUp: (path) => window.zendesk.pretended[path] ?? facts(loaded, path),
});
framework.start();

// What another page around this one, or a test, can do to it.
window.zendesk = {
  messages: framework.messages,

  /** Loads the ticket again and notifies the app, as Zendesk does when somebody changed it. */
  async refresh() {
    loaded = await load();
    showTicket(loaded.ticket);
    framework.fire('ticket.updated', { id: loaded.ticket.id });
  },

  /** Facts that replace the real ones, by their paths. */
  pretended: {},

  fire: (event, message) => framework.fire(event, message),
};
