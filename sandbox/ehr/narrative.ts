import type { Random } from './random.ts';

const SUBJECTS = ['The simulated patient', 'This invented case', 'The sample chart', 'The mock care team'];
const VERBS = ['reports', 'documents', 'describes', 'reviews', 'notes', 'compares'];
const OBJECTS = [
  'no change since the last made-up visit',
  'a steady trend in fictitious readings',
  'mild placeholder symptoms, 3 of 10',
  'tolerating the example regimen well',
  'a plan to repeat the test values in two weeks',
  'sleep, appetite and mood “as scripted”',
  'temperature near 37 °C and dry weight unchanged',
];

/** Clinical-sounding nonsense of exactly `bytes` bytes of UTF-8 (at least 1), ending in a full stop. */
export function prose(random: Random, bytes: number): string {
  let text = '';
  let size = 0;
  while (size < bytes) {
    const sentence = `${random.pick(SUBJECTS)} ${random.pick(VERBS)} ${random.pick(OBJECTS)}. `;
    text += sentence;
    size += Buffer.byteLength(sentence);
  }
  return cutToBytes(text, bytes);
}

/** Cuts at a character boundary and fills with full stops what a cut multi-byte character leaves. */
function cutToBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  let end = Math.max(bytes - 1, 0);
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return buffer.toString('utf8', 0, end) + '.'.repeat(bytes - end);
}

/** FHIR narrative around plain text that holds no markup characters. */
export function narrative(text: string): { status: 'generated'; div: string } {
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div>` };
}
