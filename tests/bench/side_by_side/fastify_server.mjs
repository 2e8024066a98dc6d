// fastify_server.mjs PORT FILE: npm's Fastify answering GET / with the document in FILE, made into JSON for every answer, and
// POST / as the API answers a posted event, kept in memory only.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const fastify = createRequire(`${process.cwd()}/build/bench/`)('fastify')();
const document = JSON.parse(readFileSync(process.argv[3], 'utf8'));
let seq = 0;
fastify.get('/', () => document);
fastify.post('/', (request, reply) => { reply.code(202); return { event_id: `api-${++seq}-${request.body.event_type}`, seq }; });
await fastify.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
