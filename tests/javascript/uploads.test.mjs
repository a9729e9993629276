// Files in parts against a server that the test moves: dead networks, reloads, damage, refusals.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { sha256, sha256Here } from "../../platform/leye_platform/web/static/sha256.mjs";
import { sendInParts } from "../../platform/leye_platform/web/static/upload_parts.mjs";

const PLACE = { path: "/uploads", kind: "batch" };
const sum = (bytes) => createHash("sha256").update(Buffer.from(bytes)).digest("hex");

/** A file of ten bytes, which the server cuts by four. */
const file = (content = "0123456789") => new File([content], "a.zip");

/** statuses: what the next requests are answered with, before all goes well. */
function site({ statuses = [], there = {}, direct = false, state = "open" } = {}) {
  const one = { calls: [], parts: new Map(Object.entries(there)), waits: 0, shown: [], stop: false };
  const next = () => (statuses.length ? statuses.shift() : 200);
  const upload = () => ({
    id: "u1",
    state,
    parts_total: 3,
    part_size: 4,
    parts_url: "/uploads/u1/parts",
    direct,
    parts: [...one.parts].map(([number, sha256]) => ({ number: Number(number), sha256 })),
  });
  one.server = {
    hash: sha256,
    stopped: () => one.stop,
    wait: async () => void one.waits++,
    call: async (method, path, body) => {
      one.calls.push({ method, path, body });
      const status = next();
      const url = { url: "http://bucket/" + path.split("/").at(-2) };
      return { status, words: status === 413 ? "太大" : "", content: path.endsWith("/url") ? url : upload() };
    },
    put: async (address, part, sent) => {
      one.calls.push({ method: "PUT", path: address });
      const status = next();
      sent(part.size);
      const [, number] = /(\d+)(\?|$)/.exec(address.split("/").pop());
      if (status === 200) one.parts.set(number, sum(await part.arrayBuffer()));
      return { status, words: "" };
    },
  };
  one.send = (content) => sendInParts(file(content), PLACE, one.server, (progress) => one.shown.push(progress));
  one.puts = () => one.calls.filter((call) => call.method === "PUT").map((call) => call.path);
  return one;
}

test("our own SHA-256 is the browser's, whatever the length", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100003]) {
    const bytes = randomBytes(length);
    const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length);
    assert.equal(sha256Here(content), sum(bytes), String(length));
    assert.equal(await sha256(content), sum(bytes));
  }
});

test("every part goes once, with its sum, and then the file is joined", async () => {
  const one = site();
  assert.deepEqual(await one.send(), { done: true, upload: "u1", words: "" });
  assert.deepEqual(one.puts(), [1, 2, 3].map((n) => `/uploads/u1/parts/${n}?sha256=${one.parts.get(String(n))}`));
  assert.equal(one.calls[0].body.first_part, sum("0123456789"));
  assert.deepEqual(one.calls.at(-1).body.parts, [sum("0123"), sum("4567"), sum("89")]);
  assert.equal(one.shown.at(-1).state, "joining");
});

test("what has arrived is not sent again, and what has changed is", async () => {
  const one = site({ there: { 1: sum("0123"), 2: sum("xxxx") } });
  assert.equal((await one.send()).done, true);
  assert.equal(one.puts().length, 2);
  assert.equal(one.shown.find((each) => each.state === "sending").kept, 2);
});

test("a dead network is waited for at every step, and said", async () => {
  const one = site({ statuses: [0, 503, 201, 0, 0, 200, 429, 200, 200, 0] });
  assert.equal((await one.send()).done, true);
  assert.equal(one.waits, 6);
  assert.ok(one.shown.some((each) => each.state === "offline"));
  assert.deepEqual([...one.parts.keys()], ["1", "2", "3"]);
});

test("a part that came damaged goes again, and one that stays so ends it with words", async () => {
  assert.equal((await site({ statuses: [201, 422, 200] }).send()).done, true);
  const one = site({ statuses: [201, 422, 422, 422, 422] });
  assert.equal((await one.send()).done, false);
  assert.equal(one.puts().length, 4);
});

test("an upload that is not there any more is begun once more", async () => {
  const one = site({ statuses: [201, 409] });
  assert.equal((await one.send()).done, true);
  assert.equal(one.calls.filter((call) => call.path === "/uploads").length, 2);
  assert.equal((await site({ statuses: [201, 409, 201, 409] }).send()).done, false);
});

test("a refusal ends it with the server's sentence", async () => {
  assert.deepEqual(await site({ statuses: [413] }).send(), { done: false, upload: "", words: "太大" });
});

test("a file that came whole before its form was sent in is not sent again", async () => {
  const one = site({ state: "complete" });
  assert.equal((await one.send()).done, true);
  assert.deepEqual(one.puts(), []);
});

test("where it is stopped nothing more goes, and nothing is said", async () => {
  const one = site({ statuses: [201, 200] });
  const put = one.server.put;
  one.server.put = async (...given) => {
    const answer = await put(...given);
    one.stop = true;
    return answer;
  };
  assert.deepEqual(await one.send(), { done: false, upload: "", words: "" });
  assert.equal(one.puts().length, 1);
});

test("parts go straight to a bucket, and to our own origin where it lets no browser in", async () => {
  const open = site({ direct: true });
  assert.equal((await open.send()).done, true);
  assert.deepEqual(open.puts(), ["http://bucket/1", "http://bucket/2", "http://bucket/3"]);
  const closed = site({ direct: true, statuses: [201, 200, 0] });
  assert.equal((await closed.send()).done, true);
  assert.equal(closed.puts().filter((path) => path.startsWith("/uploads")).length, 3);
});
