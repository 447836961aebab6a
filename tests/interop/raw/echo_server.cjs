// echo_server.cjs: does the same as echo_server.py, with npm's `ws`. Without `ws` the exit status
// is 77.
let ws;
try {
  ws = require('ws');
} catch {
  console.log('skipped: no module `ws`');
  process.exit(77);
}

let lastClose = {};

const orders = {
  '!request': (socket, rest, request) => socket.send(JSON.stringify(request.headers)),
  '!fragments': (socket, rest) => {
    const pieces = rest.split('|');
    pieces.forEach((piece, i) => socket.send(piece, {fin: i === pieces.length - 1}));
  },
  '!binary': (socket) => {
    socket.send(Buffer.from([0, 255]), {fin: false});
    socket.send(Buffer.from([1]), {fin: false});
    socket.send(Buffer.alloc(0), {fin: true});
  },
  '!large': (socket, rest) => socket.send('x'.repeat(Number(rest))),
  '!ping': (socket) => {
    socket.once('pong', (payload) => socket.send(String(payload) === 'are you there?' ? 'pong came' : 'another pong came'));
    socket.ping('are you there?');
  },
  '!close': (socket, rest) => {
    const space = rest.indexOf(' ');
    if (space < 0) socket.close(Number(rest));
    else socket.close(Number(rest.slice(0, space)), rest.slice(space + 1));
  },
  '!abort': (socket) => socket.terminate(),
  '!last': (socket) => socket.send(JSON.stringify(lastClose)),
};

const folder = process.env.TLS_FOLDER;
const read = (name) => require('fs').readFileSync(`${folder}/${name}`);
const listener = folder
  ? require('https').createServer({cert: read('server.pem'), key: read('server.key')})
  : require('http').createServer();
const server = new (ws.WebSocketServer ?? ws.Server)({
  server: listener,
  maxPayload: 64 * 1024 * 1024,
  handleProtocols: (offered) => [...offered].includes('second') ? 'second' : false,
});
server.on('connection', (socket, request) => {
  socket.on('error', () => {});
  socket.on('close', (code, reason) => lastClose = {code, reason: String(reason)});
  socket.on('message', (data, binary) => {
    const text = binary ? '' : String(data);
    if (!text.startsWith('!')) return socket.send(data, {binary});
    const space = text.indexOf(' ');
    orders[space < 0 ? text : text.slice(0, space)](socket, space < 0 ? '' : text.slice(space + 1), request);
  });
});
listener.listen(0, '127.0.0.1', () => console.log(`listening on ${folder ? 'wss' : 'ws'}://127.0.0.1:${listener.address().port}/echo`));
