// Checks a receipt with nothing but the browser's own cryptography; it sends nothing and needs no service. No module: a
// browser loads none from disk, and there the saved page has to work too.
//
// Formats: C2SP signed-note, tlog-checkpoint and tlog-proof; RFC 6962 hashing; DSSE; in-toto Statement v1; RFC 8785. What
// browsers cannot check (ML-DSA-44 signatures, RFC 3161 time-stamps) and what the command also checks of later entries
// (amendments, evidence, witnesses) is named as not checked.

const ENTRY = "entry.dsse.json";
const PROOF = "entry.tlog-proof";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const ED25519 = 1;
const utf8 = new TextEncoder();
const subtle = globalThis.crypto.subtle;

class Wrong extends Error {}

function need(holds, otherwise) {
  if (!holds) throw new Wrong(otherwise);
}

function text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Wrong("it is not UTF-8");
  }
}

function unb64(encoded) {
  let binary;
  try {
    binary = atob(encoded);
  } catch {
    throw new Wrong("it is not base64");
  }
  need(btoa(binary) === encoded, "it is not base64 in its one form");
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", join(...parts)));

async function signs(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", key, signature, message);
  } catch {
    return false;
  }
}

// RFC 8785 of what statements are made of: words, integers, lists and objects; and of records, which have true, false, null.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

function parseCanonical(bytes) {
  const written = text(bytes);
  let value;
  try {
    value = JSON.parse(written);
  } catch {
    throw new Wrong("it is not JSON");
  }
  need(canonical(value) === written, "it is not JSON in its one form");
  return value;
}

// --- keys, notes, proofs ---------------------------------------------------------------------------------------------
async function parseKeys(typed) {
  const keys = [];
  for (const line of typed.split("\n")) {
    const word = line.trim().replace(/^log\s+/, "");
    if (!word || /^(#|witness |group |quorum )/.test(word)) continue;
    const parts = word.split(/\s+/)[0].match(/^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/);
    need(parts, "this is no key of a log: name+hash+base64");
    const raw = unb64(parts[3]);
    const id = (await sha256(utf8.encode(`${parts[1]}\n`), raw)).slice(0, 4);
    need(hex(id) === parts[2], "the id of the key does not fit it");
    keys.push({ name: parts[1], id, kind: raw[0], bytes: raw.slice(1) });
  }
  need(keys.some((key) => key.kind === ED25519), "there is no Ed25519 key of a log");
  return keys;
}

function parseNote(bytes) {
  const content = text(bytes);
  const cut = content.lastIndexOf("\n\n");
  need(!/[\x00-\x09\x0b-\x1f]/.test(content), "the checkpoint holds a control character");
  need(cut >= 0 && content.endsWith("\n") && cut + 2 < content.length, "the checkpoint has no signatures");
  const signatures = content.slice(cut + 2, -1).split("\n").map((line) => {
    const parts = line.match(/^\u2014 ([^ ]+) ([^ ]+)$/);
    need(parts, "a line of the checkpoint is no signature");
    const data = unb64(parts[2]);
    need(data.length >= 5, "a signature is too short");
    return { name: parts[1], id: data.slice(0, 4), bytes: data.slice(4) };
  });
  return { signed: content.slice(0, cut + 1), signatures };
}

async function openCheckpoint(bytes, keys) {
  const note = parseNote(bytes);
  const lines = note.signed.split("\n");
  need(lines.length >= 4 && !lines.slice(0, -1).includes(""), "the checkpoint does not have its three lines");
  need(/^(0|[1-9][0-9]{0,15})$/.test(lines[1]), "the size of the checkpoint is no number");
  const root = unb64(lines[2]);
  need(root.length === 32, "the root of the checkpoint is no hash");
  const own = keys.filter((key) => key.name === lines[0]);
  need(own.some((key) => key.kind === ED25519), `no key of the log ${lines[0]} is known`);
  for (const key of own) {
    const mine = note.signatures.filter((each) => each.name === key.name && same(each.id, key.id));
    need(mine.length > 0, "a key of the log did not sign");
    if (key.kind !== ED25519) continue;
    for (const each of mine) {
      need(await signs(key.bytes, each.bytes, utf8.encode(note.signed)), "the signature of the log does not hold");
    }
  }
  return { origin: lines[0], size: Number(lines[1]), root };
}

function parseProof(bytes) {
  const content = text(bytes);
  const cut = content.indexOf("\n\n");
  const lines = content.slice(0, cut).split("\n");
  need(cut >= 0 && lines.shift() === "c2sp.org/tlog-proof@v1", "it is no proof");
  if (lines[0]?.startsWith("extra ")) unb64(lines.shift().slice(6));
  const index = lines.shift()?.match(/^index (0|[1-9][0-9]{0,15})$/);
  need(index, "the proof names no index");
  const hashes = lines.map(unb64);
  need(hashes.length <= 63 && hashes.every((hash) => hash.length === 32), "the proof has a hash of a wrong length");
  return { index: Number(index[1]), hashes, checkpoint: utf8.encode(content.slice(cut + 2)) };
}

// RFC 9162, 2.1.3.2
async function includes(index, size, leaf, path, root) {
  if (index >= size) return false;
  let fn = BigInt(index);
  let sn = BigInt(size - 1);
  let hash = leaf;
  for (const next of path) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      hash = await sha256(Uint8Array.of(1), next, hash);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, next);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(hash, root);
}

// --- entries ---------------------------------------------------------------------------------------------------------
function parseLeaf(bytes) {
  need(bytes.length > 0 && bytes.length <= 65535, "an entry has at most 65,535 bytes");
  const envelope = parseCanonical(bytes);
  need(Object.keys(envelope).sort().join() === "payload,payloadType,signatures", "it is no envelope");
  need(envelope.payloadType === PAYLOAD_TYPE, "it is no statement");
  need(Array.isArray(envelope.signatures) && envelope.signatures.length > 0, "nobody signed it");
  const payload = unb64(envelope.payload);
  const statement = parseCanonical(payload);
  need(statement._type === "https://in-toto.io/Statement/v1", "it is no statement");
  const kind = String(statement.predicateType).match(/^https:\/\/([^/]+)\/([a-z-]+)\/v1$/);
  need(kind && Array.isArray(statement.subject) && statement.predicate, "it is no statement of a log");
  const signatures = envelope.signatures.map((each) => ({ keyid: each.keyid, bytes: unb64(each.sig) }));
  return { host: kind[1], kind: kind[2], statement, payload, signatures };
}

async function prove(files, folder, keys) {
  need(files.has(folder + ENTRY) && files.has(folder + PROOF), `the receipt lacks ${folder}${ENTRY} or its proof`);
  const raw = files.get(folder + ENTRY);
  const leaf = parseLeaf(raw);
  const proof = parseProof(files.get(folder + PROOF));
  const checkpoint = await openCheckpoint(proof.checkpoint, keys);
  const hash = await sha256(Uint8Array.of(0), raw);
  need(await includes(proof.index, checkpoint.size, hash, proof.hashes, checkpoint.root), "it is not in the signed log");
  need(leaf.host === checkpoint.origin.split("/")[0], "the entry was written for another log");
  need(leaf.statement.predicate.after.size <= proof.index, "the entry names a later checkpoint than itself");
  return { leaf, index: proof.index, ...checkpoint };
}

async function checkSignatures(leaf, known) {
  const head = utf8.encode(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${leaf.payload.length} `);
  for (const { keyid, bytes } of leaf.signatures) {
    need(known.has(keyid), "a key that signed is not shown to be enrolled");
    need(await signs(known.get(keyid).bytes, bytes, join(head, leaf.payload)), "a signature does not hold");
  }
}

async function enrolledKeys(files, entry, keys) {
  const folders = [...files.keys()].filter((name) => /^keys\/[0-9]{1,3}\/entry\.dsse\.json$/.test(name)).sort();
  const enrolments = [];
  for (const name of folders) enrolments.push(await prove(files, name.slice(0, -ENTRY.length), keys));
  const known = new Map();
  for (const each of enrolments.sort((a, b) => a.index - b.index)) {
    need(each.origin === entry.origin, "a key was enrolled in another log");
    need(each.leaf.kind === "key-enrol" && each.index < entry.index, "a key was not enrolled before it signed");
    const { publicKey, custody } = each.leaf.statement.predicate;
    const bytes = unb64(publicKey);
    const keyid = hex(await sha256(bytes));
    need(bytes.length === 32 && !known.has(keyid), "a key was enrolled twice");
    need(each.leaf.statement.subject[0].digest.sha256 === keyid, "an enrolment is about another key");
    known.set(keyid, { bytes, custody });
    await checkSignatures(each.leaf, known);
  }
  return known;
}

async function openCommitments(files, leaf) {
  const opening = parseCanonical(files.get("opening.json"));
  need(opening && typeof opening === "object" && Object.keys(opening).length, "opening.json opens nothing");
  const promised = leaf.statement.predicate.commitments ?? {};
  const opened = {};
  for (const [name, each] of Object.entries(opening)) {
    need(each && Object.keys(each).sort().join() === "record,salt", `${name} is not opened by a salt and a record`);
    const salt = unb64(each.salt);
    need(salt.length === 32, "a salt has 32 bytes");
    const made = await sha256(utf8.encode("sourcemark/commit/v1\0"), salt, utf8.encode(canonical(each.record)));
    need(Object.hasOwn(promised, name) && promised[name] === `sha256:${hex(made)}`, `${name} is not what was signed`);
    opened[name] = each.record;
  }
  return opened;
}

function parseReceipt(written) {
  let made;
  try {
    made = JSON.parse(written);
  } catch {
    throw new Wrong("this is no receipt: it is not JSON");
  }
  need(made?.format === "sourcemark/receipt/v1" && made.files, "this is no receipt");
  const files = new Map();
  for (const [name, content] of Object.entries(made.files)) {
    files.set(name, typeof content === "string" ? utf8.encode(content) : unb64(content.base64));
  }
  return files;
}

/**
 * Check a receipt.
 *
 * @param {string} written the receipt, JSON
 * @param {string} typed the log's keys, a line each, or a policy
 * @param {((salt: Uint8Array) => Promise<Uint8Array>) | null} digest SHA-256 of a salt (empty but for a sealed work) and the reader's file
 * @returns {Promise<{name: string, state: "passed" | "failed" | "absent", detail: string}[]>} the steps, in order
 */
async function verify(written, typed, digest = null) {
  const steps = [];
  const run = async (name, act) => {
    try {
      const [detail, value] = await act();
      steps.push({ name, state: "passed", detail });
      return value;
    } catch (error) {
      const known = error instanceof Wrong;
      steps.push({ name, state: "failed", detail: known ? error.message : "it is not of the form that it should have" });
      return null;
    }
  };
  const files = await run("receipt", async () => {
    const found = parseReceipt(written);
    return [`${found.size} files`, found];
  });
  const keys = files && (await run("keys", async () => {
    const found = await parseKeys(typed);
    return [found.map((key) => `${key.name}+${hex(key.id)}`).join(", "), found];
  }));
  const entry = keys && (await run("inclusion", async () => {
    const found = await prove(files, "", keys);
    return [`entry ${found.index} of ${found.origin}, in a signed log of ${found.size}`, found];
  }));
  if (!entry) return steps;
  await run("signature", async () => {
    const known = await enrolledKeys(files, entry, keys);
    await checkSignatures(entry.leaf, known);
    const custody = (keyid) => (known.get(keyid).custody === "producer" ? "kept by its owner" : "kept by the service");
    return [entry.leaf.signatures.map(({ keyid }) => `${keyid.slice(0, 16)} (${custody(keyid)})`).join(", "), true];
  });
  let opened = {};
  if (files.has("opening.json")) {
    opened = (await run("commitments", async () => {
      const found = await openCommitments(files, entry.leaf);
      const claim = found.claim ?? {};
      return [[claim.title, claim.owner].filter(Boolean).join(" – ") || Object.keys(found).join(", "), found];
    })) ?? {};
  } else {
    steps.push({ name: "commitments", state: "absent", detail: "who claimed what is not shown" });
  }
  if (digest) {
    await run("work", async () => {
      const sealed = entry.leaf.statement.predicate.sealed;
      need(!sealed || opened.seal, "the work is sealed, and the receipt does not open it");
      const found = hex(await digest(sealed ? unb64(opened.seal.salt) : new Uint8Array()));
      need(entry.leaf.statement.subject.some((each) => each.digest.sha256 === found), "the file is another one");
      return [found, true];
    });
  }
  const folders = ["amendments/", "evidence/"].filter((folder) => [...files.keys()].some((name) => name.startsWith(folder)));
  for (const folder of folders) steps.push({ name: folder.slice(0, -1), state: "absent", detail: "" });
  for (const [name, file] of [["timestamp", "checkpoint.tsr"], ["after", "after.checkpoint"]]) {
    if (files.has(file)) steps.push({ name, state: "absent", detail: "" });
  }
  steps.push({ name: "witnesses, ML-DSA-44", state: "absent", detail: "" });
  return steps;
}

// --- the page --------------------------------------------------------------------------------------------------------
const MARKS = { passed: "✓", failed: "✗", absent: "–" };

async function show(form, list) {
  const [receipt, work] = [form.querySelector("#receipt").files[0], form.querySelector("#work").files[0]];
  if (!receipt) return;
  const digest = work && (async (salt) => sha256(salt, new Uint8Array(await work.arrayBuffer())));
  const steps = await verify(await receipt.text(), form.querySelector("#key").value, digest || null);
  const words = { passed: list.dataset.good, failed: list.dataset.bad, absent: list.dataset.open };
  list.replaceChildren(...steps.map((step) => {
    const item = document.createElement("li");
    item.className = step.state;
    item.textContent = `${MARKS[step.state]} ${step.name}: ${words[step.state]}${step.detail ? ` (${step.detail})` : ""}`;
    return item;
  }));
}

globalThis.verifyReceipt = verify;
if (globalThis.document) {
  const form = document.getElementById("verify");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(form, document.getElementById("steps"));
  });
}
