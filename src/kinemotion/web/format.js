/** Numbers and names for people. A name's suffix is its unit. */

import { METRICS } from './words.js';

/** @type {[string, {unit: string, factor: number, digits: number}][]} longer suffixes first */
const UNITS = [
  ['_m_s', { unit: 'm/s', factor: 1, digits: 2 }],
  ['_ms', { unit: 'ms', factor: 1, digits: 0 }],
  ['_deg', { unit: '°', factor: 1, digits: 0 }],
  ['_m', { unit: 'cm', factor: 100, digits: 1 }],
  ['_s', { unit: 's', factor: 1, digits: 2 }],
  ['_w', { unit: 'W', factor: 1, digits: 0 }],
  ['_n', { unit: 'N', factor: 1, digits: 0 }],
];
const BARE = { unit: '', factor: 1, digits: 2 };
const NO_BREAK = '\u00a0';

/** @param {string} name @returns {[string, {unit: string, factor: number, digits: number}]} */
function unitOf(name) {
  return UNITS.find(([suffix]) => name.endsWith(suffix)) ?? ['', BARE];
}

/**
 * @param {number} value
 * @param {number} digits after the point
 * @returns {string} with a real minus sign, and thin gaps between thousands
 */
export function decimal(value, digits) {
  const rounded = Number(value.toFixed(digits)) + 0;
  return rounded
    .toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replaceAll(',', '\u202f')
    .replace('-', '−');
}

/**
 * @param {string} name
 * @returns {string} `countermovement_depth_m` as “Countermovement depth”
 */
export function label(name) {
  if (name in METRICS) return METRICS[name];
  const [suffix] = unitOf(name);
  const words = name.slice(0, name.length - suffix.length).replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * @param {string} name
 * @param {number} value
 * @returns {{number: string, unit: string}}
 */
export function quantity(name, value) {
  const [, { unit, factor, digits }] = unitOf(name);
  return { number: decimal(value * factor, digits), unit };
}

/**
 * @param {string} name
 * @param {number} value
 * @param {number} [uncertainty] one standard deviation
 * @returns {string} “34.8 ± 0.6 cm”
 */
export function measure(name, value, uncertainty) {
  const { number, unit } = quantity(name, value);
  const spread = uncertainty === undefined ? '' : `${NO_BREAK}±${NO_BREAK}${quantity(name, uncertainty).number}`;
  const gap = unit === '' || unit === '°' ? '' : NO_BREAK;
  return `${number}${spread}${gap}${unit}`;
}

/** @param {string} name @returns {string} `landing_flexed` as “Landing flexed.” */
export function sentence(name) {
  const words = name.replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
