// What this browser remembers: the agent's username for good, a ticket's unfinished form for the session.
// Remembering is a convenience: a browser that forbids it forgets, and everything works.

const read = (storage, key) => {
  try {
    return JSON.parse(window[storage].getItem(key));
  } catch {
    return null;
  }
};

const write = (storage, key, value) => {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // forbidden or full
  }
};

export const username = {
  of: (agentId) => read('localStorage', `mechanizer.username.${agentId}`),
  keep: (agentId, value) => write('localStorage', `mechanizer.username.${agentId}`, value),
};

export const draft = {
  of: (ticketId) => read('sessionStorage', `mechanizer.draft.${ticketId}`) ?? {},
  keep: (ticketId, values) => write('sessionStorage', `mechanizer.draft.${ticketId}`, values),
};
