// The official TypeScript SDK, 2.x line (both eras), as a client that plays a scenario.

import { answers, commandLine, fromPeers, later, listenForProgress, run } from './scenario.mjs';

const { Client, StreamableHTTPClientTransport } = await fromPeers('@modelcontextprotocol/client');
const { StdioClientTransport } = await fromPeers('@modelcontextprotocol/client/stdio');

const { scenario, era, url, server } = commandLine(['legacy', 'modern', 'auto']);
const mode = { legacy: 'legacy', modern: { pin: '2026-07-28' }, auto: 'auto' }[era];
const reply = answers(scenario);
const client = new Client(
    { name: 'typescript-sdk-2', version: '2.4.0' },
    { capabilities: reply.capabilities, versionNegotiation: { mode } },
);
if (reply.roots) client.setRequestHandler('roots/list', later(reply.roots, 0));
if (reply.sampling) client.setRequestHandler('sampling/createMessage', later(reply.sampling, reply.delayMs));
if (reply.elicitation) client.setRequestHandler('elicitation/create', later(reply.elicitation, reply.delayMs));

const verbs = {
    'tools/list': (params, options) => client.listTools(params, options),
    'tools/call': (params, options) => client.callTool(params, options),
    'prompts/list': (params, options) => client.listPrompts(params, options),
    'prompts/get': (params, options) => client.getPrompt(params, options),
    'resources/list': (params, options) => client.listResources(params, options),
    'resources/templates/list': (params, options) => client.listResourceTemplates(params, options),
    'resources/read': (params, options) => client.readResource(params, options),
    'completion/complete': (params, options) => client.complete(params, options),
    'logging/setLevel': (params, options) => client.setLoggingLevel(params.level, options),
    ping: (_params, options) => client.ping(options),
};

const transport = url ? new StreamableHTTPClientTransport(url) : new StdioClientTransport(server);
const progress = listenForProgress(transport);
await client.connect(transport);
await run(scenario, progress, ({ method, params }, options) => {
    const verb = verbs[method];
    if (!verb) throw new Error(`this client has no verb for ${method}`);
    return verb(params, options);
});
if (url) await transport.terminateSession();
await client.close();
