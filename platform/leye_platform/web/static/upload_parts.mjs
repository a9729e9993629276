// @ts-check
// Sends a file in parts, for as long as it takes: what has arrived is not sent again, after a dead network or a reload.

const PAUSES_MS = [1000, 2000, 4000, 8000, 15000, 30000];
const MOST_DAMAGED = 3;
const MOST_BEGINNINGS = 2;
export const FIRST_PART = 8 << 20;

/**
 * What came back. `status` is 0 where the network is away; `words` is the server's sentence of a refusal.
 * @typedef {{status: number, words: string, content?: any}} Answer
 *
 * @typedef {{
 *   call: (method: string, path: string, body?: any) => Promise<Answer>,
 *   put: (address: string, part: any, sent: (bytes: number) => void) => Promise<Answer>,
 *   wait: (ms: number) => Promise<void>,
 *   hash: (content: ArrayBuffer) => Promise<string>,
 *   stopped: () => boolean,
 * }} Server
 *
 * How far it is: `state` is begun, sending, offline or joining; the rest in bytes and numbers of parts.
 * @typedef {{state: string, sent: number, size: number, part: number, parts: number, kept: number}} Progress
 *
 * @typedef {{done: boolean, upload: string, words: string}} End
 *
 * @typedef {{name: string, size: number, slice: (from: number, to: number) => {arrayBuffer: () => Promise<ArrayBuffer>}}} Sent
 */

/** @param {Answer} answer */
const arrived = (answer) => answer.status >= 200 && answer.status < 300;

/** @param {Answer} answer @returns {boolean} another try may bring something else */
const passing = (answer) => answer.status === 0 || answer.status >= 500 || answer.status === 408 || answer.status === 429;

/** @param {Answer} answer @returns {boolean} the upload is not there any more: another one has to be begun */
const lost = (answer) => answer.status === 404 || answer.status === 410 || answer.status === 409;

class Refused extends Error {
  /** @param {Answer} answer */
  constructor(answer) {
    super(answer.words);
    this.answer = answer;
  }
}

class Stopped extends Error {}

/**
 * @param {Sent} file
 * @param {{path: string, kind: string}} place where uploads of the project are begun
 * @param {Server} server
 * @param {(progress: Progress) => void} show
 * @returns {Promise<End>} `done`, with the upload's id; else with a sentence, empty where it was stopped
 */
export async function sendInParts(file, place, server, show) {
  for (let beginning = 1; ; beginning++) {
    try {
      return { done: true, upload: await sendOnce(file, place, server, show), words: "" };
    } catch (error) {
      if (error instanceof Stopped) return { done: false, upload: "", words: "" };
      if (!(error instanceof Refused)) throw error;
      if (!lost(error.answer) || beginning === MOST_BEGINNINGS) return { done: false, upload: "", words: error.message };
    }
  }
}

/**
 * @param {Sent} file
 * @param {{path: string, kind: string}} place
 * @param {Server} server
 * @param {(progress: Progress) => void} show
 * @returns {Promise<string>}
 */
async function sendOnce(file, place, server, show) {
  const first = await server.hash(await file.slice(0, Math.min(FIRST_PART, file.size)).arrayBuffer());
  const body = { file_name: file.name, size: file.size, kind: place.kind, first_part: first };
  /** @type {Progress} */
  const progress = { state: "begun", sent: 0, size: file.size, part: 0, parts: 0, kept: 0 };
  const upload = await persist(server, progress, show, () => server.call("POST", place.path, body));
  progress.parts = upload.parts_total;
  if (upload.state === "complete") return upload.id;
  /** @type {Map<number, string>} */
  const there = new Map(upload.parts.map((/** @type {any} */ part) => [part.number, part.sha256]));
  progress.kept = there.size;
  progress.state = "sending";
  show({ ...progress });
  const sums = [];
  for (let number = 1; number <= upload.parts_total; number++) {
    const part = file.slice((number - 1) * upload.part_size, Math.min(number * upload.part_size, file.size));
    const sum = await server.hash(await part.arrayBuffer());
    sums.push(sum);
    progress.part = number;
    if (there.get(number) !== sum) await sendPart(upload, number, part, sum, server, progress, show);
    progress.sent = Math.min(number * upload.part_size, file.size);
    show({ ...progress });
  }
  progress.state = "joining";
  show({ ...progress });
  const path = `/api/v1/uploads/${upload.id}/complete`;
  await persist(server, progress, show, () => server.call("POST", path, { parts: sums }));
  return upload.id;
}

/**
 * @param {any} upload
 * @param {number} number
 * @param {any} part
 * @param {string} sum
 * @param {Server} server
 * @param {Progress} progress
 * @param {(progress: Progress) => void} show
 */
async function sendPart(upload, number, part, sum, server, progress, show) {
  const before = (number - 1) * upload.part_size;
  const sent = (/** @type {number} */ bytes) => {
    if (server.stopped()) return;
    progress.state = "sending";
    show({ ...progress, sent: before + bytes });
  };
  const own = `${upload.parts_url}/${number}?sha256=${sum}`;
  for (let damaged = 0; ; damaged++) {
    try {
      await persist(server, progress, show, async () => {
        if (upload.direct) {
          const answer = await server.call("GET", `${upload.parts_url}/${number}/url`);
          if (arrived(answer) && arrived(await server.put(answer.content.url, part, sent))) return answer;
          upload.direct = false; // the bucket lets no browser in: our own origin takes the rest
        }
        return server.put(own, part, sent);
      });
      return;
    } catch (error) {
      const again = error instanceof Refused && error.answer.status === 422 && damaged < MOST_DAMAGED;
      if (!again) throw error;
    }
  }
}

/**
 * Try until it arrives, or is refused.
 * @param {Server} server
 * @param {Progress} progress
 * @param {(progress: Progress) => void} show
 * @param {() => Promise<Answer>} attempt
 * @returns {Promise<any>}
 */
async function persist(server, progress, show, attempt) {
  const state = progress.state;
  for (let tries = 0; ; tries++) {
    if (server.stopped()) throw new Stopped();
    const answer = await attempt();
    if (server.stopped()) throw new Stopped();
    if (arrived(answer)) {
      progress.state = state;
      return answer.content;
    }
    if (!passing(answer)) throw new Refused(answer);
    progress.state = "offline";
    show({ ...progress });
    await server.wait(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
  }
}
