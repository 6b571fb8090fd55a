import type { Reading } from './gauge.js';

/** A tidal constituent: its speed is fixed by the heavens, amplitude and phase are fitted for each gauge. */
export interface Constituent {
    name: string;
    /** Degrees an hour. */
    speed: number;
    amplitude_m: number;
    phase_deg: number;
}

/** The eight constituents that carry almost all of the tide on these coasts. */
export const SPEEDS: Record<string, number> = {
    M2: 28.9841042,
    S2: 30.0,
    N2: 28.4397295,
    K2: 30.0821373,
    K1: 15.0410686,
    O1: 13.9430356,
    P1: 14.9589314,
    Q1: 13.3986609,
};

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** The predicted level at a moment, in metres above the mean. */
export function levelAt(constituents: Constituent[], at_s: number): number {
    const hours = at_s / 3600;
    return constituents.reduce(
        (sum, c) => sum + c.amplitude_m * Math.cos(radians(c.speed * hours - c.phase_deg)),
        0,
    );
}

export interface Turn {
    kind: 'high' | 'low';
    at_s: number;
    level_m: number;
}

/** High and low waters between two moments, found by walking in steps of six minutes and refining by bisection. */
export function turns(constituents: Constituent[], from_s: number, to_s: number): Turn[] {
    const step = 360;
    const found: Turn[] = [];
    let before = levelAt(constituents, from_s - step);
    let here = levelAt(constituents, from_s);
    for (let at = from_s; at < to_s; at += step) {
        const after = levelAt(constituents, at + step);
        if (here > before && here >= after) found.push({ kind: 'high', at_s: at, level_m: here });
        if (here < before && here <= after) found.push({ kind: 'low', at_s: at, level_m: here });
        before = here;
        here = after;
    }
    return found;
}

/** Root mean square of the difference between readings and prediction; the number the harbour office asks for. */
export function skill(constituents: Constituent[], readings: Reading[], mean_m: number): number {
    if (readings.length === 0) return Number.NaN;
    const sum = readings.reduce((acc, r) => acc + (r.level_m - mean_m - levelAt(constituents, r.at_s)) ** 2, 0);
    return Math.sqrt(sum / readings.length);
}
