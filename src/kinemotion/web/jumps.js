/**
 * The jumps of this page, over all its sessions, and their export.
 *
 * @typedef {import('./protocol.js').Jump} Jump
 *
 * @typedef {Object} Entry
 * @property {number} number 1 for the page's first jump from this source: drawn jumps are counted apart
 * @property {string} session as the server named it
 * @property {string} at when it was first reported, ISO 8601
 * @property {'camera'|'demo'} source
 * @property {{id?: string, height_m?: number, mass_kg?: number}} [athlete] as stated
 * @property {Jump} jump
 * @property {Object<string, number>} [truth] the true metrics of a drawn jump
 */

import { SOURCES } from './words.js';

/** The columns of `--csv-summary` (video/tables.py): every one, always, so that tables can be put together. */
const EVENTS = ['contact', 'onset', 'lowest', 'takeoff', 'apex', 'landing'];
const METRICS = [
  'jump_height_m', 'jump_height_flight_time_m', 'jump_height_takeoff_velocity_m', 'flight_time_ms',
  'takeoff_velocity_m_s', 'countermovement_depth_m', 'eccentric_duration_ms', 'concentric_duration_ms',
  'time_to_takeoff_ms', 'peak_eccentric_velocity_m_s', 'peak_concentric_velocity_m_s', 'rsi_modified_m_s',
  'squat_hold_duration_ms', 'ground_contact_time_ms', 'reactive_strength_index_m_s', 'flight_contact_ratio',
  'drop_height_m', 'knee_angle_lowest_deg', 'hip_angle_lowest_deg', 'ankle_angle_lowest_deg', 'peak_power_w',
  'mean_force_n',
];
/** @type {[string, (entry: Entry) => unknown][]} */
const COLUMNS = [
  ['file', ({ source }) => SOURCES[source]],
  ['name', ({ athlete }) => athlete?.id],
  ['report', () => undefined],
  ['movement', ({ jump }) => jump.movement],
  ['jump', ({ number }) => number],
  ['grade', ({ jump }) => jump.quality?.grade],
  ['fps', ({ jump }) => jump.quality?.fps],
  ['frames', ({ jump }) => jump.quality?.frames],
  ['frames_in_flight', ({ jump }) => jump.quality?.frames_in_flight],
  ...EVENTS.map((name) => column(`${name}_s`, ({ jump }) => jump.events_s?.[name])),
  ...METRICS.flatMap((name) => [
    column(name, ({ jump }) => jump.metrics[name]),
    column(`${name}_sd`, ({ jump }) => jump.uncertainty?.[name]),
  ]),
  ['warnings', ({ jump }) => jump.quality?.warnings?.join(' ')],
  ['final', ({ jump }) => jump.final],
  ['at', ({ at }) => at],
  ['session', ({ session }) => session],
  ['athlete_height_m', ({ athlete }) => athlete?.height_m],
  ['athlete_mass_kg', ({ athlete }) => athlete?.mass_kg],
  ['true_jump_height_m', ({ truth }) => truth?.jump_height_m],
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
      const number = 1 + this.entries.filter(({ source }) => source === about.source).length;
      entry = { number, session, at: new Date().toISOString(), ...about, jump };
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
    const rows = this.entries.map((entry) => COLUMNS.map(([name, value]) => rounded(name, value(entry))));
    return [COLUMNS.map(([name]) => name), ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
  }
}

/**
 * @param {string} name
 * @param {(entry: Entry) => unknown} value
 * @returns {[string, (entry: Entry) => unknown]}
 */
function column(name, value) {
  return [name, value];
}

/** @param {Entry} entry @returns {string} what it is called, and no other: “Jump 3”, or “Drawn jump 1” */
export function nameOf({ source, number }) {
  return `${source === 'demo' ? 'Drawn jump' : 'Jump'} ${number}`;
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
