/** Something about the lab that the user can put right; the message is one sentence with the next step. */
export class LabError extends Error {
  override name = "LabError";
  readonly code = "lab-unusable";
}
