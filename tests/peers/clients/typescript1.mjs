// The official TypeScript SDK, 1.x line (legacy era only), as a client that plays a scenario.

import { answers, commandLine, fromPeers, later, listenForProgress, run } from './scenario.mjs';

const { Client } = await fromPeers('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = await fromPeers('@modelcontextprotocol/sdk/client/stdio.js');
const { StreamableHTTPClientTransport } = await fromPeers('@modelcontextprotocol/sdk/client/streamableHttp.js');
const {
    CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, ResultSchema,
} = await fromPeers('@modelcontextprotocol/sdk/types.js');

const { scenario, url, server } = commandLine(['legacy']);
const reply = answers(scenario);
const client = new Client({ name: 'typescript-sdk-1', version: '1.32.2' }, { capabilities: reply.capabilities });
if (reply.roots) client.setRequestHandler(ListRootsRequestSchema, later(reply.roots, 0));
if (reply.sampling) client.setRequestHandler(CreateMessageRequestSchema, later(reply.sampling, reply.delayMs));
if (reply.elicitation) client.setRequestHandler(ElicitRequestSchema, later(reply.elicitation, reply.delayMs));

const verbs = {
    'tools/list': (params, options) => client.listTools(params, options),
    'tools/call': (params, options) => client.callTool(params, undefined, options),
    'prompts/list': (params, options) => client.listPrompts(params, options),
    'prompts/get': (params, options) => client.getPrompt(params, options),
    'resources/list': (params, options) => client.listResources(params, options),
    'resources/templates/list': (params, options) => client.listResourceTemplates(params, options),
    'resources/read': (params, options) => client.readResource(params, options),
    'completion/complete': (params, options) => client.complete(params, options),
    'logging/setLevel': (params, options) => client.setLoggingLevel(params.level, options),
    ping: (_params, options) => client.ping(options),
};

/** A tool that only runs as a task: start it, poll it, fetch its result. */
async function callAsTask(params, options) {
    let last;
    for await (const message of client.experimental.tasks.callToolStream(params, undefined, options)) last = message;
    if (last?.type === 'error') throw last.error;
    return last?.result;
}

const transport = url ? new StreamableHTTPClientTransport(url) : new StdioClientTransport(server);
const progress = listenForProgress(transport);
await client.connect(transport);
await run(scenario, progress, ({ method, params, task }, options) => {
    if (task) return callAsTask(params, options);
    return verbs[method]?.(params, options) ?? client.request({ method, params }, ResultSchema, options);
});
if (url) await transport.terminateSession();
await client.close();
