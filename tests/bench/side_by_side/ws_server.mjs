// ws_server.mjs PORT CLIENTS MESSAGES BYTES: npm's ws, sending every client the same messages once all are there. It waits
// while a client has more than 1 MiB to take, as anybody must who does not want to run out of memory.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(`${process.cwd()}/build/bench/`)('ws');
const [port, clients, messages, bytes] = process.argv.slice(2).map(Number);
const http = createServer((_, answer) => answer.end());
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
const message = Buffer.alloc(bytes - 4, 'x');
let open = 0;
server.on('connection', () => { if (++open === clients) setTimeout(send, 300); });

function send(sent = 0) {
  for (; sent < messages; ++sent) {
    for (const client of server.clients) client.send(message, { binary: false });
    if (sent % 16 === 15) break;
  }
  if (sent >= messages) return;
  const wait = () => ([...server.clients].some((client) => client.bufferedAmount > 1 << 20) ? setImmediate(wait) : send(sent + 1));
  setImmediate(wait);
}
http.listen(port, '127.0.0.1');
