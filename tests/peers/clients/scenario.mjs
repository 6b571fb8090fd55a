// Runs a scenario file against a connected client and prints what the client got, one canonical JSON line a step.
// It does not know which SDK the client comes from: `typescript1.mjs` and `typescript2.mjs` hand in their verbs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const peers = process.env.MCPTOP_PEERS ?? path.join(here, '..', '..', '..', 'target', 'peers');
const requireFromPeers = createRequire(path.join(path.resolve(peers), 'package.json'));

/** Imports a package that `tests/peers/install` put into the peers folder. */
export const fromPeers = async name => import(pathToFileURL(requireFromPeers.resolve(name)).href);

/** `SCENARIO.json FOLDER legacy|modern -- COMMAND ARGS…`, with the scenario's placeholders filled in. */
export function commandLine(eras) {
    const at = process.argv.indexOf('--');
    const [file, dir, era] = process.argv.slice(2, at === -1 ? undefined : at);
    const server = at === -1 ? [] : process.argv.slice(at + 1);
    if (!file || !dir || server.length === 0 || !eras.includes(era)) {
        console.error(`usage: node ${path.basename(process.argv[1])} SCENARIO.json FOLDER ${eras.join('|')} -- COMMAND ARGS…`);
        process.exit(2);
    }
    const scenario = fill(JSON.parse(readFileSync(file, 'utf8')), { '{dir}': dir });
    // A server's address stands in place of its command.
    const url = /^https?:/.test(server[0]) ? new URL(server[0]) : undefined;
    return { scenario, era, url, server: { command: server[0], args: server.slice(1), env: scenario.env ?? {} } };
}

/** Replaces every placeholder in every string of a JSON value. */
function fill(value, words) {
    if (typeof value === 'string') {
        return Object.entries(words).reduce((text, [word, by]) => text.replaceAll(word, by), value);
    }
    if (Array.isArray(value)) return value.map(item => fill(item, words));
    if (value && typeof value === 'object') {
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [fill(key, words), fill(item, words)]));
    }
    return value;
}

/** JSON with sorted keys and no white space, so that equal values are equal bytes. */
function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(item => canonical(item ?? null)).join(',')}]`;
    if (value && typeof value === 'object') {
        const keys = Object.keys(value).filter(key => value[key] !== undefined).sort();
        return `{${keys.map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
    }
    return JSON.stringify(value);
}

/** The same pseudo-random pauses on every run (mulberry32). */
function dice(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const sleep = ms => new Promise(done => setTimeout(done, ms));

/** What the client declares it can do, and its fixed answers when the server asks. */
export function answers(scenario) {
    const { roots, sampling, elicitation } = scenario.client ?? {};
    return {
        capabilities: {
            ...(roots && { roots: {} }),
            ...(sampling && { sampling: {} }),
            ...(elicitation && { elicitation: { form: {} } }),
        },
        roots: roots && { roots: roots.map(dir => ({ uri: pathToFileURL(dir).href, name: path.basename(dir) })) },
        sampling: sampling && {
            role: 'assistant', model: 'a-fixed-model', stopReason: 'endTurn', content: { type: 'text', text: sampling },
        },
        elicitation: elicitation && { action: 'accept', content: elicitation },
        delayMs: scenario.client?.answer_after_ms ?? 0,
    };
}

/** Answers a server's request the way a person or a model would: after a while. */
export const later = (answer, delayMs) => async () => {
    await sleep(delayMs);
    return answer;
};

/** Takes down the progress that comes in, by its token. The SDKs' own callbacks miss a report that is read together
 * with the result it belongs to. */
export function listenForProgress(transport) {
    const reports = {};
    transport.onmessage = message => {
        if (message.method !== 'notifications/progress') return;
        const { progressToken, ...report } = message.params;
        (reports[progressToken] ??= []).push(report);
    };
    return reports;
}

/** Runs all steps with `send(step, options)`, which resolves to the SDK's result or throws its error. */
export async function run(scenario, progress, send) {
    const print = line => process.stdout.write(`${line}\n`);
    const roll = dice(scenario.seed ?? 1);
    const pause = async range => sleep(Array.isArray(range) ? range[0] + roll() * (range[1] - range[0]) : range);

    async function call(step) {
        const options = { timeout: 120_000 };
        if (step.progress) options.onprogress = () => {}; // asks the server for reports
        if (step.cancel_after_ms !== undefined) {
            const abort = new AbortController();
            options.signal = abort.signal;
            setTimeout(() => abort.abort('no longer needed'), step.cancel_after_ms);
        }
        const line = { method: step.method, params: step.params };
        try {
            line.result = await send(step, options);
        } catch (error) {
            line.error = step.cancel_after_ms !== undefined && options.signal.aborted
                ? 'cancelled by the client'
                : { code: error.code, message: error.message, data: error.data };
        }
        return [canonical(line)];
    }

    async function perform(step) {
        if (step.pause_ms !== undefined) {
            await pause(step.pause_ms);
            return [];
        }
        if (step.parallel) return (await Promise.all(step.parallel.map(perform))).flat();
        if (step.sequence) return performAll(step.sequence);
        if (step.repeat) {
            const lines = [];
            for (let i = 0; i < step.repeat; i += 1) lines.push(...(await performAll(step.steps)));
            return lines;
        }
        if (step.each) {
            const lines = [];
            for (const item of step.each) lines.push(...(await performAll(fill(step.steps, { '{each}': item }))));
            return lines;
        }
        const lines = await call(step);
        if (scenario.pace_ms) await pause(scenario.pace_ms);
        return lines;
    }

    async function performAll(steps) {
        const lines = [];
        for (const step of steps) lines.push(...(await perform(step)));
        return lines;
    }

    for (const step of scenario.steps) for (const line of await perform(step)) print(line);
    print(canonical({ progress }));
}
