// What an app may do to the page: the ticket's editor, its own frame, a notification.

const $ = (id) => document.getElementById(id);
const NOTIFIED = 15_000; // milliseconds

export const setters = {
  'ticket.comment.type': (type) => {
    $('editor-type').textContent = type === 'publicReply' ? 'Public reply' : 'Internal note';
  },
};

export const actions = {
  'ticket.comment.appendText': (_frame, text) => {
    $('reply').value += text;
  },
  notify: (_frame, text, kind) => {
    const shown = document.createElement('p');
    shown.className = 'notification';
    shown.dataset.kind = kind;
    shown.textContent = text;
    $('notifications').append(shown);
    setTimeout(() => shown.remove(), NOTIFIED);
  },
  resize: (frame, { height }) => {
    frame.style.height = height;
  },
};
