import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelAt, skill, turns, SPEEDS } from '../src/forecast.js';

const moon = [{ name: 'M2', speed: SPEEDS.M2, amplitude_m: 2, phase_deg: 0 }];

test('a lone constituent is a cosine', () => {
    assert.equal(levelAt(moon, 0), 2);
});

test('two high waters a day', () => {
    const found = turns(moon, 0, 86_400);
    assert.equal(found.filter(turn => turn.kind === 'high').length, 2);
    assert.equal(found.filter(turn => turn.kind === 'low').length, 2);
});

test('a perfect prediction has no error', () => {
    const readings = [0, 600, 1200].map(at_s => ({ gauge: 'x', at_s, level_m: 5 + levelAt(moon, at_s) }));
    assert.ok(skill(moon, readings, 5) < 1e-12);
});
