import { openStore } from './store.js';
import { startPolling } from './gauge.js';
import { serve } from './server.js';

const port = Number(process.env.TIDEWATCH_PORT ?? 8080);
const pollSeconds = Number(process.env.TIDEWATCH_POLL_S ?? 360);
const store = openStore(process.env.TIDEWATCH_DB ?? 'tidewatch.sqlite');

const polling = startPolling(store, pollSeconds);
const server = await serve(store, port);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
        polling.stop();
        await server.close();
        store.close();
    });
}
