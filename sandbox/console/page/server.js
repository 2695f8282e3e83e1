// The page's own small API.

export const world = async () => (await fetch('world')).json();

/** Presses a button -> what came of it, in words. */
export async function press(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()).said;
}

/** Tells what is known of a ticket, now and whenever it changes, and when nothing comes any more; can be closed. */
export function listen(ticket, tell, lost) {
  const source = new EventSource(`live?ticket=${ticket}`);
  source.onmessage = (event) => tell(JSON.parse(event.data));
  source.onerror = lost;
  return source;
}
