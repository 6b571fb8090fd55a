import fastify from 'fastify';
import { loadGauges } from './gauge.js';
import { turns, type Constituent } from './forecast.js';
import type { Store } from './store.js';

const DAY_S = 86_400;

/** Fitted once a month by `npm run fit`; the same for all gauges of the estuary. */
const ESTUARY: Constituent[] = [
    { name: 'M2', speed: 28.9841042, amplitude_m: 1.62, phase_deg: 41.0 },
    { name: 'S2', speed: 30.0, amplitude_m: 0.54, phase_deg: 83.5 },
    { name: 'N2', speed: 28.4397295, amplitude_m: 0.31, phase_deg: 17.2 },
    { name: 'K1', speed: 15.0410686, amplitude_m: 0.09, phase_deg: 122.8 },
    { name: 'O1', speed: 13.9430356, amplitude_m: 0.08, phase_deg: 311.4 },
];

export async function serve(store: Store, port: number) {
    const app = fastify({ logger: true });

    app.get('/gauges', async () => loadGauges());

    app.get<{ Params: { id: string } }>('/gauges/:id/level', async (request, reply) => {
        const reading = store.newest(request.params.id);
        if (!reading) return reply.code(404).send({ error: 'no reading yet' });
        return reading;
    });

    app.get<{ Params: { id: string }; Querystring: { days?: string } }>('/gauges/:id/tides', async request => {
        const now = Math.floor(Date.now() / 1000);
        const days = Math.min(Number(request.query.days ?? 2), 14);
        return turns(ESTUARY, now, now + days * DAY_S);
    });

    await app.listen({ port, host: '127.0.0.1' });
    return app;
}
