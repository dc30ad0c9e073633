/** What each kind of piece is called, wherever pieces are listed. */
export const kinds = {
  consent: "Accord du patient",
  request: "Demande d’avis",
  photo: "Photo",
  message: "Message",
  response: "Suite donnée",
  opinion: "Avis",
  amendment: "Avis rectifié",
  discussion: "Échange",
  glass: "Accès en urgence",
  informed: "Patient informé",
  withdrawn: "Consentement retiré",
  misfiled: "Mauvais patient",
  call: "Appel en direct",
  identity: "Identité corrigée",
  question: "Question modifiée",
};
