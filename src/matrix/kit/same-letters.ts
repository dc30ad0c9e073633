/** Stands in for `unhomoglyph` in the build (vite.config.ts). */
// biome-ignore lint/style/noDefaultExport: the package that it stands in for has one
export default (text: string): string => text;
