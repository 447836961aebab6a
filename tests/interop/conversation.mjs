// The conversation of a foreign client with the lobby, over the WebSocket class of Node's `ws` or a
// browser's own. Two guests use the given mode (`plain` or `json`). The third one is Parley's own
// binary client, which the test starts when `ready` is called. Every frame is expected at its
// place: an additional frame fails like a missing one.

const patience = 60_000;

function expect(what, found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

class Guest {
  constructor(WebSocket, url, mode) {
    this.mode = mode;
    this.frames = [];
    this.wake = () => {};
    this.socket = mode === 'json' ? new WebSocket(url, ['parley.v1.json']) : new WebSocket(url);
    this.socket.onmessage = ({data}) => {
      this.frames.push(JSON.parse(data));
      this.wake();
    };
    this.closed = new Promise((done) => {
      this.socket.onclose = (event) => {
        this.end = event;
        done(event);
        this.wake();
      };
    });
    this.opened = new Promise((done, failed) => {
      this.socket.onopen = done;
      this.socket.onerror = (event) => failed(new Error(`no connection: ${event.message ?? 'refused'}`));
    });
  }

  async next() {
    const until = Date.now() + patience;
    while (this.frames.length === 0) {
      if (this.end) throw new Error(`closed with ${this.end.code}`);
      if (Date.now() >= until) throw new Error('waited in vain');
      let timer;
      await new Promise((done) => {
        this.wake = done;
        timer = setTimeout(done, until - Date.now());
      });
      clearTimeout(timer);
    }
    return this.frames.shift();
  }

  send(frame) { this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)); }

  async arrive() {
    await this.opened;
    if (this.mode === 'plain') {
      expect('subprotocol', this.socket.protocol, '');
      // A plain guest does not learn its id from the server, but answers are addressed to it.
      this.id = (await this.add('who am I?')).to;
      return;
    }
    expect('subprotocol', this.socket.protocol, 'parley.v1.json');
    this.send({event_name: '$hello', payload: {revision: 1, features: ['multi'], agent: 'conversation'}});
    const welcome = await this.next();
    expect('welcome', welcome.event_name, '$welcome');
    expect('revision', welcome.payload.revision, 1);
    expect('features', welcome.payload.features, ['multi']);
    expect('outcome', welcome.payload.outcome, 'new');
    this.id = welcome.payload.client_id;
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(this.id)) throw new Error('client_id is no UUID v8');
  }

  async add(id) {
    this.send({event_name: 'Lobby.Add', payload: {numbers: [391, 29]}, id});
    const answer = await this.next();
    if (this.mode === 'plain') {
      expect('keys of the answer', Object.keys(answer).slice(0, 5), ['event_name', 'payload', 'to', 'from_id', 'message']);
      expect('sender of the answer', [answer.from_id, answer.message], ['server', null]);
    }
    expect('answer', [answer.event_name, answer.payload, answer.re], ['Lobby.Add', {value: 420}, id]);
    expect('no code', 'code' in answer, false);
    return answer;
  }

  say(text, to) { this.send({event_name: 'Lobby.Say', payload: {text}, to}); }

  async hears(text, from, to) {
    const line = await this.next();
    expect('line', [line.event_name, line.payload, line.from_id, line.to], ['Lobby.Say', {text}, from, to]);
  }

  async sees() {
    const arrived = await this.next();
    expect('arrival', [arrived.event_name, arrived.from_id ?? 'server', arrived.to], ['Lobby.Arrived', 'server', 'others']);
    return arrived.payload.id;
  }

  async isRefused(code) {
    const error = await this.next();
    expect('error', [error.event_name, typeof error.message], ['error', 'string']);
    if (this.mode === 'plain') expect('error', [error.payload, error.to, error.from_id], [null, this.id, 'server']);
    else expect('code', error.code, code);
  }

  async leave() {
    this.socket.close(1000);
    const end = await this.closed;
    expect('close code', end.code, 1000);
    expect('frames left', this.frames, []);
  }
}

export async function converse(WebSocket, url, mode, ready) {
  const a = new Guest(WebSocket, url, mode);
  await a.arrive();
  const b = new Guest(WebSocket, url, mode);
  await b.arrive();
  expect('arrival', await a.sees(), b.id);

  await a.add(1);
  if (mode === 'plain') {
    await a.add('one');
    await a.add(undefined);
  }

  a.say('to whom it may concern');
  await b.hears('to whom it may concern', a.id, 'others');
  a.say('to the others', 'others');
  await b.hears('to the others', a.id, 'others');
  a.say('to all', 'all');
  await a.hears('to all', a.id, 'all');
  await b.hears('to all', a.id, 'all');
  b.say('to you', a.id);
  await a.hears('to you', b.id, a.id);
  a.send({event_name: 'Lobby.Say', payload: {text: 'who?'}, to: 'all', from_id: b.id});
  await a.hears('who?', a.id, 'all');
  await b.hears('who?', a.id, 'all');

  a.send('hello, this is no JSON');
  await a.isRefused('bad_frame');
  a.send({event_name: 'Lobby.Say', payload: {text: 7}});
  await a.isRefused('bad_payload');
  a.send({event_name: 'Lobby.Nothing', payload: {}});
  await a.isRefused('unimplemented');
  a.send({event_name: 'Lobby.Arrived', payload: {id: 'me'}});
  await a.isRefused('denied');
  a.say('nobody', '00000000-0000-4000-8000-000000000000');
  await a.isRefused('unknown_target');
  await a.add(mode === 'json' ? 2 : 1);

  await ready();
  const anna = await a.sees();
  expect('arrival', await b.sees(), anna);
  await a.hears('Grüße aus C++ ✓', anna, 'all');
  await b.hears('Grüße aus C++ ✓', anna, 'all');
  a.say('welcome, 世界', anna);

  await a.leave();
  await b.leave();
}
