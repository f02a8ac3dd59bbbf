/** The access token, where the server wants one: kept until the tab closes, sent in headers, never in an address. */

import { SUBPROTOCOL } from './protocol.js';

const MEMORY = 'kinemotion.token';
const BEARER_SUBPROTOCOL = 'kinemotion.bearer.';
const WITHIN_MS = 5_000;

let token = '';
try {
  token = sessionStorage.getItem(MEMORY) ?? '';
} catch {
  // then it is asked for
}

/** @param {string} text empty to forget it */
export function useToken(text) {
  token = text.trim();
  try {
    if (token) sessionStorage.setItem(MEMORY, token);
    else sessionStorage.removeItem(MEMORY);
  } catch {
    // the token is kept as long as the page
  }
}

/** @returns {'token'|'token_invalid'} what a server that wants a token lacks; a key of TROUBLE in words.js */
export function tokenTrouble() {
  return token ? 'token_invalid' : 'token';
}

/** @returns {Object<string, string>} what a request carries */
export function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** @returns {string[]} what a WebSocket offers; a page cannot set its headers */
export function subprotocols() {
  return token ? [SUBPROTOCOL, BEARER_SUBPROTOCOL + base64url(token)] : [SUBPROTOCOL];
}

/** @param {string} text */
function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} address @returns {Promise<Response>} */
export function fetchAsGuest(address) {
  return fetch(address, { headers: authorization(), signal: AbortSignal.timeout(WITHIN_MS) });
}

/** @returns {Promise<boolean>} whether the server wants a token, or another one than this */
export async function wantsToken() {
  try {
    return (await fetchAsGuest('/access')).status === 401;
  } catch {
    return false; // a start tells that the server is not there
  }
}
