import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imperial } from '../src/units.js';

test('whole feet have no inches', () => assert.equal(imperial(3.048), '10 ft 0 in'));
test('levels below datum keep their sign', () => assert.equal(imperial(-0.3048), '-1 ft 0 in'));
