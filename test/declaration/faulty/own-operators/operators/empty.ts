/** Forgot to export an operator. */
export const factor = 2;
