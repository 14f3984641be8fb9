/** How to log in to every host of a cluster. Exactly one of `password` and `privateKey` is used; the key wins. */
export interface Login {
  readonly user: string;
  readonly port: number;
  readonly password?: string;
  /** PEM or OpenSSH text. */
  readonly privateKey?: string;
}

/** What the course's Pis take. */
export const courseLogin = { user: "pi", port: 22, password: "raspberry" };
