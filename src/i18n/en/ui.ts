export const ui = {
  close: "Close",
  goBack: "Go back",
  language: "Language",
  details: "Detail to copy for support",
  copy: "Copy",
  copied: "Copied",
  body: "Regions of the body",
  sides: { left: "Left", right: "Right" },
  signature: { clear: "Clear", label: "Signature area: sign with a finger" },
} as const;
