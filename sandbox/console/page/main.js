// Connects the ticket, its effects outside and the state machine. /?ticket=4242 opens a ticket.

import { $, el, say } from './dom.js';
import { showInbox } from './inbox.js';
import { showIssues } from './issues.js';
import { Machine } from './machine.js';
import { showNotes } from './notes.js';
import { listen, loadSetup } from './server.js';
import { showMessages } from './slack.js';
import { Switches } from './switches.js';

const setup = await loadSetup();
const machine = new Machine(setup);
const switches = new Switches();
let source = null;
let version = '';

function show(now) {
  showInbox(now.mails);
  showIssues(now.issues);
  showMessages(now.messages);
  showNotes(now.notes);
  machine.show(now.executions);
  switches.show(now.switches);
  refreshTicket(JSON.stringify(now.version));
}

/** Loads the ticket again if somebody changed it, as Zendesk does. */
function refreshTicket(now) {
  if (version && version !== now) $('zendesk').contentWindow.zendesk?.refresh();
  version = now;
}

function open(ticket) {
  const chosen = setup.cases.find((each) => each.ticket === ticket) ?? setup.cases[0];
  $('ticket').value = chosen.ticket;
  history.replaceState(null, '', `?ticket=${chosen.ticket}`);
  $('hint').textContent = chosen.hint;
  $('hint').hidden = !chosen.hint;
  source?.close();
  version = '';
  $('zendesk').src = `zendesk/host.html?ticket=${chosen.ticket}&agent=${chosen.agent}`;
  machine.choose(chosen);
  source = listen(chosen.ticket, show, () => say('said', 'The sandbox does not answer: is it still running?'));
}

function describe() {
  const gap = `the quarter of an hour between retries is ${Number(setup.retry_seconds.toPrecision(2))} s`;
  const scale = setup.time_scale === 1 ? '' : ` Waits are ${setup.time_scale} times shorter: ${gap}.`;
  const today = setup.today ? ' Today counts as an emergency day.' : '';
  $('setting').textContent = `The real functions and state machine; Zendesk, GitLab, Slack and AWS are played.${scale}${today}`;
  say('channel', setup.channel && `#${setup.channel}`);
}

$('ticket').append(...setup.cases.map((each) => el('option', { value: each.ticket }, `${each.ticket}: ${each.ends}`)));
$('ticket').addEventListener('change', () => open(Number($('ticket').value)));
describe();
if (setup.cases.length) open(Number(new URLSearchParams(location.search).get('ticket')));
else say('setting', 'Zendesk is not played by this sandbox: there is no ticket to choose. What can be reached is listed below.');
