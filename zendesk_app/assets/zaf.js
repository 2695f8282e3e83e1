// The page around the app: Zendesk's framework, in our own words.

const FACTS = ['currentUser', 'ticket.id', 'ticket.requester.email', 'ticket.comments'];
const CHANGES = [
  'ticket.updated',
  'ticket.comments.changed',
  'ticket.organization.changed',
  'ticket.requester.email.changed',
  'ticket.status.changed',
];

/** Resolves when Zendesk has answered. Rejects if this page is in no Zendesk, or its SDK could not be loaded. */
export async function connect() {
  const client = window.ZAFClient?.init();
  if (!client) throw new Error('The app could not reach Zendesk: reload the page.');
  const { context, metadata } = await new Promise((resolve) => client.on('app.registered', resolve));
  return new Zendesk(client, context, metadata);
}

class Zendesk {
  #client;

  constructor(client, context, metadata) {
    this.#client = client;
    this.account = context.account.subdomain;
    this.apiUrl = metadata.settings.api_url.replace(/\/+$/, '');
  }

  /** The ticket as it is on the page now. */
  async look() {
    const got = await this.#client.get(FACTS);
    const agent = got.currentUser;
    const images = (got['ticket.comments'] ?? []).flatMap((comment) => comment.imageAttachments ?? []);
    return {
      ticketId: Number(got['ticket.id']),
      agent: { id: String(agent.id), email: agent.email ?? '' },
      requesterEmail: got['ticket.requester.email'] ?? '',
      images: images.map((image) => ({
        name: image.filename ?? '',
        url: ownAddress(image.contentUrl),
        thumbnail: ownAddress(image.thumbnailUrl) ?? ownAddress(image.contentUrl),
      })),
    };
  }

  onChange(look) {
    for (const event of CHANGES) this.#client.on(event, look);
  }

  /** The agent goes to another ticket, and comes back. */
  onShown(shown, hidden) {
    this.#client.on('app.activated', shown);
    this.#client.on('app.deactivated', hidden);
  }

  /** Through Zendesk's proxy, which makes the token there and puts the secret in. */
  request(options) {
    return this.#client.request(options);
  }

  /** Puts a public reply into the ticket's editor. The agent sends it, or not. */
  async draftReply(text) {
    await this.#client.set('ticket.comment.type', 'publicReply');
    await this.#client.invoke('ticket.comment.appendText', text);
  }

  /** Tells the agent wherever they are in Zendesk. The text is our own: Zendesk would read HTML in it. */
  notify(text, kind) {
    return this.#client.invoke('notify', text, kind);
  }

  /** Keeps the frame as high as its content. */
  fit(element) {
    const resize = () => {
      const height = Math.ceil(element.getBoundingClientRect().bottom + window.scrollY);
      this.#client.invoke('resize', { width: '100%', height: `${height}px` });
    };
    new ResizeObserver(resize).observe(element);
  }
}

/** An address in the agent's own Zendesk, or null: pictures from anywhere else are not loaded. */
function ownAddress(url) {
  const zendesk = new URLSearchParams(location.search).get('origin');
  return url && URL.canParse(url) && new URL(url).origin === zendesk ? url : null;
}
