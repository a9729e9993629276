// @ts-check
// SHA-256 of a part of a file: the browser's own, else this, since pages without HTTPS have none (FIPS 180-4).

const ROUNDS = 64;
const BLOCK = 64;

/** The first 32 bits of the fractional parts of a root of the first primes. @param {number} count @param {number} root */
function fractions(count, root) {
  /** @type {number[]} */
  const primes = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  return primes.map((prime) => (Math.pow(prime, 1 / root) % 1) * 4294967296 | 0);
}

const K = new Int32Array(fractions(ROUNDS, 3));
const START = fractions(8, 2);

/** @param {number} x @param {number} n */
const turned = (x, n) => (x >>> n) | (x << (32 - n));

/** @param {Int32Array} state @param {DataView} bytes @param {number} at @param {Int32Array} w */
function mix(state, bytes, at, w) {
  for (let i = 0; i < 16; i++) w[i] = bytes.getInt32(at + i * 4);
  for (let i = 16; i < ROUNDS; i++) {
    const a = w[i - 15];
    const b = w[i - 2];
    const small = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
    const large = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
    w[i] = (w[i - 16] + small + w[i - 7] + large) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < ROUNDS; i++) {
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = (state[i] + value) | 0));
}

/** @param {ArrayBuffer} content @returns {string} in hex */
export function sha256Here(content) {
  const state = new Int32Array(START);
  const w = new Int32Array(ROUNDS);
  const whole = content.byteLength - (content.byteLength % BLOCK);
  const view = new DataView(content);
  for (let at = 0; at < whole; at += BLOCK) mix(state, view, at, w);
  const rest = content.byteLength - whole;
  const tail = new Uint8Array(rest + 9 > BLOCK ? 2 * BLOCK : BLOCK);
  tail.set(new Uint8Array(content, whole));
  tail[rest] = 0x80;
  const end = new DataView(tail.buffer);
  end.setUint32(tail.length - 8, Math.floor(content.byteLength / 536870912));
  end.setUint32(tail.length - 4, content.byteLength << 3);
  for (let at = 0; at < tail.length; at += BLOCK) mix(state, end, at, w);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** @param {ArrayBuffer} content @returns {Promise<string>} in hex */
export async function sha256(content) {
  const own = typeof crypto === "undefined" ? null : crypto.subtle;
  if (!own) return sha256Here(content);
  const digest = new Uint8Array(await own.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
