// The switches that let a service fail.

import { $, el, say } from './dom.js';
import { press } from './server.js';

const SERVICES = { zendesk: 'Zendesk', gitlab: 'GitLab', slack: 'Slack', ses: 'E-mail (SES)' };
const POSITIONS = {
  works: 'works',
  fails: 'fails (500)',
  busy: 'is busy (429)',
  silent: 'never answers',
  refuses: 'refuses',
};
const OF_MAIL = { ...POSITIONS, bounces: 'mail bounces' };

export class Switches {
  constructor() {
    $('switches').append(...Object.entries(SERVICES).map(([service, name]) => this.#field(service, name)));
    $('switches').addEventListener('submit', (event) => event.preventDefault());
  }

  #field(service, name) {
    const positions = Object.entries(service === 'ses' ? OF_MAIL : POSITIONS);
    const id = `switch-${service}`;
    const select = el('select', { id }, ...positions.map(([value, words]) => el('option', { value }, words)));
    select.addEventListener('change', async () => say('said', await press(`switches/${service}`, { position: select.value })));
    return el('div', { class: 'field' }, el('label', { for: id }, name), select);
  }

  show(positions) {
    for (const service of Object.keys(SERVICES)) {
      const select = $(`switch-${service}`);
      select.disabled = !(service in positions);
      select.dataset.position = positions[service] ?? '';
      if (!select.disabled && document.activeElement !== select) select.value = positions[service];
    }
  }
}
