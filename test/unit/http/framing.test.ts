import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { framingFault } from '../../../src/http/framing.ts';

const HOST = ['Host', 'gateway.test'];

describe('framingFault', () => {
  const cases: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ['no body', HOST, undefined],
    ['a length', [...HOST, 'Content-Length', '5'], undefined],
    ['chunks, in any case', [...HOST, 'TRANSFER-ENCODING', 'Chunked'], undefined],
    ['no Host', ['Content-Length', '5'], 'host-invalid'],
    ['two Hosts', [...HOST, 'hOST', 'gateway.test'], 'host-invalid'],
    ['two lengths', [...HOST, 'Content-Length', '5', 'content-length', '5'], 'framing-ambiguous'],
    [
      'length and chunks',
      [...HOST, 'Content-Length', '5', 'Transfer-Encoding', 'chunked'],
      'framing-ambiguous',
    ],
    [
      'two codings',
      [...HOST, 'Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'],
      'framing-ambiguous',
    ],
    ['a list of codings', [...HOST, 'Transfer-Encoding', 'gzip, chunked'], 'transfer-encoding-unsupported'],
    ['an empty coding', [...HOST, 'Transfer-Encoding', ''], 'transfer-encoding-unsupported'],
  ];
  for (const [name, rawHeaders, fault] of cases) {
    it(`judges ${name}`, () => assert.equal(framingFault(rawHeaders, 1, 90), fault));
  }

  it('allows HTTP/1.0 to leave Host out, not to repeat it', () => {
    assert.equal(framingFault([], 0, 90), undefined);
    assert.equal(framingFault([...HOST, ...HOST], 0, 90), 'host-invalid');
  });

  it('counts header lines, not bytes', () => {
    const filler = (lines: number) => Array.from({ length: lines }, () => ['x-a', 'b']).flat();
    assert.equal(framingFault([...HOST, ...filler(88)], 1, 90), undefined);
    assert.equal(framingFault([...HOST, ...filler(89)], 1, 90), 'headers-too-large');
  });
});
