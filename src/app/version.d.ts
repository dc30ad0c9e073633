/** Of package.json; `vite.config.ts` writes it when it builds. */
declare const __VERSION__: string;
