/** Which blank of the sentence is open. */
export type Blank = "patient" | "addressee" | "urgency";
