// A real server with three things changed: what one tool says, the schema of another, and how long a third takes.
//
//   node changed.mjs '{"result": TOOL, "schema": TOOL, "slow": TOOL, "delay_ms": MS}' COMMAND ARGS…
//
// With '{}' it is the server as it is, as long as the way through here takes.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [changes, command, ...args] = process.argv.slice(2);
const { result, schema, slow, delay_ms: delayMs } = JSON.parse(changes);
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const asked = new Map();

createInterface({ input: process.stdin })
    .on('line', line => {
        const message = JSON.parse(line);
        if (message.method && message.id !== undefined) asked.set(message.id, message);
        server.stdin.write(`${line}\n`);
    })
    .on('close', () => server.stdin.end());

createInterface({ input: server.stdout }).on('line', line => {
    const message = JSON.parse(line);
    const request = message.method ? undefined : asked.get(message.id);
    const tool = request?.method === 'tools/call' ? request.params.name : undefined;
    if (tool === result && tool) {
        message.result.content[0].text += ' (changed)';
    } else if (request?.method === 'tools/list') {
        const changed = message.result.tools.find(tool => tool.name === schema);
        if (changed) changed.inputSchema.properties.added = { type: 'string' };
    }
    const write = () => process.stdout.write(`${JSON.stringify(message)}\n`);
    if (tool === slow && tool) setTimeout(write, delayMs);
    else write();
});

server.on('exit', code => process.exit(code ?? 1));
