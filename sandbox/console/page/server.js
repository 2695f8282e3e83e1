// The page's own small API.

/** What stays the same while the page is open. */
export const loadSetup = async () => (await fetch('setup')).json();

/** Presses a button and returns the sandbox's answer, in words. */
export async function press(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()).said;
}

/** Calls `show` with everything about a ticket, now and at each change, and `lost` when the sandbox is gone; can be closed. */
export function listen(ticket, show, lost) {
  const source = new EventSource(`live?ticket=${ticket}`);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onerror = lost;
  return source;
}
