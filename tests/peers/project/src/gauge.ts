import { readFile } from 'node:fs/promises';
import type { Store } from './store.js';

/** A tide gauge: where it stands and where its readings come from. */
export interface Gauge {
    id: string;
    name: string;
    latitude: number;
    longitude: number;
    /** Height of the gauge's zero above chart datum, in metres. */
    zero_m: number;
    url: string;
}

/** One reading of one gauge. */
export interface Reading {
    gauge: string;
    /** Seconds since the epoch, UTC. */
    at_s: number;
    level_m: number;
}

export async function loadGauges(file = 'data/gauges.json'): Promise<Gauge[]> {
    return JSON.parse(await readFile(file, 'utf8'));
}

/** Asks one gauge for its newest reading. Throws when the gauge answers anything but a number. */
export async function poll(gauge: Gauge, signal?: AbortSignal): Promise<Reading> {
    const answer = await fetch(gauge.url, { signal });
    if (!answer.ok) throw new Error(`gauge ${gauge.id} answered ${answer.status}`);
    const { time, level } = (await answer.json()) as { time: string; level: number };
    // TODO: some gauges report centimetres; see docs/gauges.md
    if (!Number.isFinite(level)) throw new Error(`gauge ${gauge.id} sent no number`);
    return { gauge: gauge.id, at_s: Date.parse(time) / 1000, level_m: level + gauge.zero_m };
}

/** Polls all gauges for ever; a gauge that fails is tried again at the next turn. */
export function startPolling(store: Store, everySeconds: number) {
    const stop = new AbortController();
    const turn = async () => {
        for (const gauge of await loadGauges()) {
            try {
                store.add(await poll(gauge, stop.signal));
            } catch (error) {
                console.warn(String(error));
            }
        }
    };
    const timer = setInterval(turn, everySeconds * 1000);
    void turn();
    return {
        stop() {
            clearInterval(timer);
            stop.abort();
        },
    };
}
