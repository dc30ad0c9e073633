export const ui = {
  close: "Fermer",
  goBack: "Revenir",
  language: "Langue",
  details: "Détail à copier pour l’assistance",
  copy: "Copier",
  copied: "Copié",
  body: "Les régions du corps",
  sides: { left: "Gauche", right: "Droite" },
  signature: { clear: "Effacer", label: "Zone de signature : signez avec le doigt" },
} as const;
