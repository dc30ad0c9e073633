import { spawnSync } from "node:child_process";
import { z } from "zod";

const treeSchema = z.object({
  problem: z.string().optional(),
  /** Every element with its path of local names, in order. */
  elements: z.array(
    z.object({ path: z.string(), text: z.string(), attributes: z.record(z.string(), z.string()) }),
  ),
});
export type ReadXml = z.infer<typeof treeSchema>;

const program = `
import json, sys
import xml.etree.ElementTree as E
def local(name): return name.split("}")[-1]
def walk(element, path, found):
    here = path + "/" + local(element.tag)
    found.append({"path": here, "text": element.text or "", "attributes": {local(k): v for k, v in element.attrib.items()}})
    for child in element: walk(child, here, found)
    return found
out = []
for text in json.load(sys.stdin):
    try: out.append({"elements": walk(E.fromstring(text.encode("utf-8")), "", [])})
    except E.ParseError as e: out.append({"problem": str(e), "elements": []})
json.dump(out, sys.stdout)
`;

/** Reads documents with a parser that is not ours (Python's expat): what is not well formed has a problem. */
export function readXml(documents: readonly Uint8Array[]): ReadXml[] {
  const ran = spawnSync("python3", ["-c", program], {
    input: JSON.stringify(documents.map((bytes) => new TextDecoder().decode(bytes))),
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ran.status !== 0) throw new Error(ran.stderr.toString());
  return z.array(treeSchema).parse(JSON.parse(ran.stdout.toString()));
}

export const at = (document: ReadXml | undefined, path: string) =>
  document?.elements.filter((each) => each.path.endsWith(path)) ?? [];
