export { clipTypeOf } from "./container.ts";
export { ClipUnreadable, type Converter, findConverter, type Video } from "./converter.ts";
