// A ticket of the stand-in Zendesk: as a page, and as the framework describes it to an app.

const picture = (ticket, attachment) =>
  new URL(`attachments/${ticket.id}/${encodeURIComponent(attachment.file_name)}`, location.href).href;

const isImage = (attachment) => attachment.content_type.startsWith('image/');

/** The fact at a path such as `ticket.requester.email`, undefined if the framework knows no such path. */
export function facts({ ticket, agent }, path) {
  const person = ({ id, name, email, role }) => ({ id, name, email, role });
  const known = {
    currentUser: { ...person(agent), locale: 'en-US', timeZone: { ianaName: 'UTC' } },
    ticket: {
      id: ticket.id,
      subject: ticket.subject,
      status: ticket.status,
      requester: person(ticket.requester),
      organization: ticket.organization && { id: ticket.organization.id, name: ticket.organization.name },
      comments: ticket.comments.map((comment) => ({
        id: comment.id,
        value: comment.html_body,
        imageAttachments: comment.attachments.filter(isImage).map((attachment) => ({
          contentType: attachment.content_type,
          contentUrl: picture(ticket, attachment),
          filename: attachment.file_name,
          thumbnailUrl: picture(ticket, attachment),
        })),
        nonImageAttachments: [],
      })),
    },
  };
  return path.split('.').reduce((value, key) => value?.[key], known);
}

export function showTicket(ticket) {
  document.getElementById('subject').textContent = ticket.subject;
  const organization = ticket.organization?.name ?? 'no organization';
  document.getElementById('about').textContent =
    `#${ticket.id} · ${ticket.status} · ${ticket.requester.name} <${ticket.requester.email}> · ${organization}`;
  const everything = [...ticket.comments, ...ticket.notes].sort((a, b) => a.created_at.localeCompare(b.created_at));
  document.getElementById('conversation').replaceChildren(...everything.map((comment) => shown(ticket, comment)));
}

function shown(ticket, comment) {
  const item = document.createElement('li');
  item.className = `comment ${comment.public ? '' : 'comment--internal'}`;
  const author = document.createElement('p');
  author.className = 'comment__author';
  author.textContent = comment.public ? (comment.author_id === ticket.requester_id ? ticket.requester.name : 'Agent') : 'Internal note';
  const time = document.createElement('time');
  time.textContent = comment.created_at;
  author.append(time);
  const body = document.createElement('p');
  body.className = 'comment__body';
  body.dir = 'auto';
  body.textContent = comment.body;
  const pictures = comment.attachments.filter(isImage).map((attachment) => {
    const image = document.createElement('img');
    image.src = picture(ticket, attachment);
    image.alt = attachment.file_name;
    return image;
  });
  item.append(author, body, ...pictures);
  return item;
}
