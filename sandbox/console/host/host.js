// The page: a ticket, and the app in its sidebar. host.html?ticket=4242, and &agent=78 for another agent.

import { Framework } from './framework.js';
import { facts, showTicket } from './ticket.js';

const query = new URLSearchParams(location.search);
const address = `tickets/${Number(query.get('ticket'))}?agent=${Number(query.get('agent') ?? 77)}`;

const load = async () => (await fetch(address)).json();

let world = await load();
showTicket(world.ticket);

const framework = new Framework({
  frame: document.getElementById('app'),
  appUrl: world.app_url,
  settings: world.settings,
  context: { product: 'support', location: 'ticket_sidebar', account: { subdomain: world.account }, ticketId: world.ticket.id },
  lookUp: (path) => window.zendesk.pretended[path] ?? facts(world, path),
});
framework.start();

// What another page around this one, or a test, can do to it.
window.zendesk = {
  messages: framework.messages,

  /** Loads the ticket again and tells the app, as Zendesk does when somebody changed it. */
  async refresh() {
    world = await load();
    showTicket(world.ticket);
    framework.fire('ticket.updated', { id: world.ticket.id });
  },

  /** Facts to be told otherwise than they are, by their paths. */
  pretended: {},

  fire: (event, message) => framework.fire(event, message),
};
