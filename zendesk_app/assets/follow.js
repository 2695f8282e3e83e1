// Follows a request until nothing more happens to it: often while it changes, ever more rarely while it does not.

const SHORTEST = 1000;
const LONGEST = 60_000;
const GROWTH = 1.3;
const MOST_CALLS = 60;

/** Nothing more will happen by itself. */
export function settled(request) {
  if (request.status === 'running' || request.error?.will_retry) return false;
  if (request.status !== 'issued') return true;
  const unfinished = request.steps.some((step) => ['pending', 'running'].includes(step.status));
  return (request.error || !unfinished) && !['sent', 'delayed'].includes(request.delivery);
}

export class Follower {
  #look;
  #tell;
  #timer = null;
  #next = 0;
  #wait = SHORTEST;
  #calls = 0;
  #seen = '';
  #hidden = false;
  #looking = false;

  /**
   * `look(id)` gives the request, or rejects. `tell({ request, fault, gaveUp })` gets what was found each time.
   */
  constructor(look, tell) {
    this.#look = look;
    this.#tell = tell;
  }

  id = null;

  follow(id) {
    this.stop();
    this.id = id;
    this.#calls = 0;
    this.#seen = '';
    this.#hurry();
  }

  /** Something happened: look soon, but never sooner than a second after the last look. */
  hurry() {
    if (this.id && !this.#looking) this.#hurry();
  }

  hide() {
    this.#hidden = true;
    clearTimeout(this.#timer);
  }

  show() {
    this.#hidden = false;
    this.hurry();
  }

  stop() {
    clearTimeout(this.#timer);
    this.id = null;
  }

  #hurry() {
    this.#wait = SHORTEST;
    this.#schedule(this.#next - performance.now());
  }

  #schedule(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#hidden) this.#timer = setTimeout(() => this.#poll(this.id), Math.max(0, milliseconds));
  }

  async #poll(id) {
    this.#calls += 1;
    this.#looking = true;
    const found = await this.#look(id).then(
      (request) => ({ request }),
      (fault) => ({ fault }),
    );
    this.#looking = false;
    this.#next = performance.now() + SHORTEST;
    if (id !== this.id) return;
    const over = found.request ? settled(found.request) : [403, 404].includes(found.fault.status);
    const gaveUp = !over && this.#calls >= MOST_CALLS;
    if (over || gaveUp) this.stop();
    else this.#again(found.request);
    this.#tell({ ...found, gaveUp });
  }

  #again(request) {
    const seen = request ? JSON.stringify(request) : this.#seen;
    this.#wait = seen === this.#seen ? Math.min(LONGEST, this.#wait * GROWTH) : SHORTEST;
    this.#seen = seen;
    this.#schedule(this.#wait);
  }
}
