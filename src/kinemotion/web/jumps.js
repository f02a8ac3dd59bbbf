/**
 * The jumps of this page, over all its sessions, and their export.
 *
 * @typedef {import('./protocol.js').Jump} Jump
 *
 * @typedef {Object} Entry
 * @property {number} number 1 for the page's first jump
 * @property {string} session as the server named it
 * @property {string} at when it was first reported, ISO 8601
 * @property {'camera'|'demo'} source
 * @property {{id?: string, height_m?: number, mass_kg?: number}} [athlete] as stated
 * @property {Jump} jump
 * @property {Object<string, number>} [truth] the true metrics of a drawn jump
 */

const FIXED_COLUMNS = [
  'number', 'at', 'source', 'session', 'index', 'athlete_id', 'athlete_height_m', 'athlete_mass_kg',
  'movement', 'final', 'grade', 'fps', 'warnings',
];
const COARSE = /_(ms|deg|w|n)(_sd)?$|^fps$|_kg$/;
const COARSE_DIGITS = 1;
const FINE_DIGITS = 4;

export class JumpLog {
  /** @type {Entry[]} */ entries = [];
  /** @type {Set<string>} */ #cleared = new Set();

  /** @param {?string} [saved] what `save` wrote; anything else is no jumps */
  constructor(saved = null) {
    try {
      const entries = JSON.parse(saved ?? '[]');
      if (Array.isArray(entries) && entries.every(({ jump }) => jump.metrics)) this.entries = entries;
    } catch {
      // a damaged note is no loss
    }
  }

  /**
   * @param {string} session
   * @param {Jump} jump replaces an earlier report of the same jump
   * @param {Pick<Entry, 'source'|'truth'|'athlete'>} about
   * @returns {?Entry} null for a jump that was cleared before
   */
  put(session, jump, about) {
    if (this.#cleared.has(`${session} ${jump.index}`)) return null;
    let entry = this.entries.find((known) => known.session === session && known.jump.index === jump.index);
    if (entry === undefined) {
      entry = { number: this.entries.length + 1, session, at: new Date().toISOString(), ...about, jump };
      this.entries.push(entry);
    } else if (jump.final || !entry.jump.final) {
      Object.assign(entry, about, { jump });
    }
    return entry;
  }

  clear() {
    for (const { session, jump } of this.entries) this.#cleared.add(`${session} ${jump.index}`);
    this.entries = [];
  }

  /** @returns {string} */
  save() {
    return JSON.stringify(this.entries);
  }

  /** @returns {string} JSON, with every jump as the server reported it */
  toJson() {
    return `${JSON.stringify({ exported_at: new Date().toISOString(), jumps: this.entries }, null, 2)}\n`;
  }

  /** @returns {string} RFC 4180, SI units; `…_sd` is one standard deviation, `true_…` is the drawn athlete's */
  toCsv() {
    const metrics = this.#names(({ jump }) => jump.metrics);
    const spreads = this.#names(({ jump }) => jump.uncertainty);
    const events = this.#names(({ jump }) => jump.events_s);
    const truths = this.#names(({ truth }) => truth);
    const header = [
      ...FIXED_COLUMNS, ...metrics, ...spreads.map((name) => `${name}_sd`),
      ...events.map((name) => `event_${name}_s`), ...truths.map((name) => `true_${name}`),
    ];
    const rows = this.entries.map(({ number, at, source, session, athlete, jump, truth }) => [
      number, at, source, session, jump.index, athlete?.id, athlete?.height_m, athlete?.mass_kg,
      jump.movement, jump.final,
      jump.quality?.grade, jump.quality?.fps, jump.quality?.warnings?.join(' '),
      ...metrics.map((name) => jump.metrics[name]), ...spreads.map((name) => jump.uncertainty?.[name]),
      ...events.map((name) => jump.events_s?.[name]), ...truths.map((name) => truth?.[name]),
    ]);
    return [header, ...rows.map((row) => row.map((value, column) => rounded(header[column], value)))]
      .map((row) => `${row.map(cell).join(',')}\r\n`)
      .join('');
  }

  /** @param {(entry: Entry) => Object<string, number>|undefined} values @returns {string[]} in order of appearance */
  #names(values) {
    return [...new Set(this.entries.flatMap((entry) => Object.keys(values(entry) ?? {})))];
  }
}

/** Leaves out digits that mean nothing. @param {string} name the column @param {unknown} value @returns {unknown} */
function rounded(name, value) {
  if (typeof value !== 'number') return value;
  return Number(value.toFixed(COARSE.test(name) ? COARSE_DIGITS : FINE_DIGITS));
}

/** @param {unknown} value @returns {string} */
function cell(value) {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
