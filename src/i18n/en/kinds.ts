/** What each kind of piece is called, wherever pieces are listed. */
export const kinds = {
  consent: "Patient’s consent",
  request: "Request for an opinion",
  photo: "Photo",
  message: "Message",
  response: "Response",
  opinion: "Opinion",
  amendment: "Amended opinion",
  discussion: "Discussion",
  glass: "Emergency access",
  informed: "Patient informed",
  withdrawn: "Consent withdrawn",
  misfiled: "Wrong patient",
  call: "Live call",
  identity: "Identity corrected",
  question: "Amended question",
};
