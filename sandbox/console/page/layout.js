// Where each state of an ASL state machine goes: as far along as its longest way from the start, side branches beside.

/** The states that may come after this one, each with the words of its condition. */
export function successors(state) {
  const choices = (state.Choices ?? []).map(({ Next }) => [Next, 'yes']);
  const caught = (state.Catch ?? []).map(({ Next }) => [Next, 'error']);
  return [
    ...choices,
    ...(state.Default ? [[state.Default, choices.length ? 'no' : '']] : []),
    ...(state.Next ? [[state.Next, '']] : []),
    ...caught,
  ];
}

/** Returns { places: Map of name to { along, lane }, edges: [{ from, to, words }], length, lanes } */
export function layout({ StartAt, States }) {
  const ways = (name) => successors(States[name]);
  const depths = new Map();
  const depth = (name, above) => {
    if (above.has(name)) return 0; // a loop
    if (!depths.has(name)) {
      const below = new Set(above).add(name);
      depths.set(name, 1 + Math.max(0, ...ways(name).map(([next]) => depth(next, below))));
    }
    return depths.get(name);
  };
  depth(StartAt, new Set());
  const places = new Map();
  let lanes = 0;
  const place = (name, along, lane) => {
    const known = places.get(name);
    if (known && known.along >= along) return;
    places.set(name, { along, lane: known?.lane ?? lane });
    lanes = Math.max(lanes, lane + 1);
    const next = ways(name).map(([to]) => to).filter((to) => depths.get(to) < depths.get(name));
    next.sort((a, b) => depths.get(b) - depths.get(a));
    next.forEach((to, index) => place(to, along + 1, index ? lanes : lane));
  };
  place(StartAt, 0, 0);
  const edges = [...places.keys()].flatMap((from) => ways(from).map(([to, words]) => ({ from, to, words })));
  return { places, edges, length: depths.get(StartAt), lanes };
}
