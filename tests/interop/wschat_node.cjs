// wschat_node.cjs <url> <name>: a client of the chat family that uses npm's `ws`. Sends its name
// and a line, prints the first line that it receives, and leaves.
const ws = require('ws');

const [url, name] = process.argv.slice(2);
const socket = new (ws.WebSocket ?? ws)(url);
const say = (text, info) => socket.send(JSON.stringify({user: {name}, message: {text, text_len: text.length, info}}));
socket.on('open', () => {
  say('null', 5);
  say('hello from node ✓', 0);
});
socket.on('message', (data) => {
  const heard = JSON.parse(data.toString());
  console.log(`${heard.user.name}: ${heard.message.text}`);
  socket.close();
});
socket.on('close', () => process.exit(0));
socket.on('error', (failure) => {
  console.log(`failed: ${failure.message}`);
  process.exit(1);
});
