/** The part of dcmjs that we use; the package brings no types. */
declare module "dcmjs" {
  export const data: {
    DicomDict: new (
      meta: object,
    ) => { dict: object; write(options: { fragmentMultiframe: boolean }): ArrayBuffer };
    DicomMetaDictionary: { denaturalizeDataset(dataset: object): object };
  };
}
