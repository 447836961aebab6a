// node_client.cjs <url> <mode>: prints `ready` when the third guest may join, and `done` at the
// end. Without `ws` the exit status is 77.
let ws;
try {
  ws = require('ws');
} catch {
  console.log('skipped: no module `ws`');
  process.exit(77);
}

const [url, mode] = process.argv.slice(2);
import('./conversation.mjs')
    .then(({converse}) => converse(ws.WebSocket ?? ws, url, mode, async () => console.log('ready')))
    .then(() => console.log('done'), (failure) => {
      console.log(`failed: ${failure.stack}`);
      process.exit(1);
    });
