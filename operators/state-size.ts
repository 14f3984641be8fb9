/**
 * Values that an operator remembers for a key, at most. A state is written to the changelog as a whole with each record that
 * changes it: a thousand numbers are some 20 kB.
 */
export const MAX_REMEMBERED = 1000;

/** Windows of one key that may be open at a time; each takes some 200 bytes of the state. */
export const MAX_OPEN = 300;
