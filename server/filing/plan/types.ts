import type { Json } from "#protocol/canonical.ts";
import type { CaseState } from "#protocol/case-state.ts";
import type { FiledKind } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import type { CareTeam, Clinician } from "#protocol/people.ts";
import type { Certificate } from "#protocol/signed.ts";
import type { Video } from "../video/index.ts";

/** A FHIR R4 resource, as data. */
export type Resource = {
  readonly resourceType: string;
  readonly id: string;
  readonly [member: string]: Json | undefined;
};

/** A resource to write under its own id. `blob` names the bytes that become Binary.data when the request is made. */
export type Write = {
  readonly resource: Resource;
  readonly blob?: string | undefined;
  /** The document that a Parameters resource changes (MHD's UpdateDocumentRefs): nothing is written under an id of ours. */
  readonly patches?: string | undefined;
};

/** A DICOM data set in dcmjs's natural form, without its pixels. */
export type DicomDataset = { readonly [keyword: string]: Json | undefined };

/** One request to the record. Each may be repeated without changing anything. */
export type Step =
  | { readonly kind: "bundle"; readonly writes: readonly Write[] }
  /** Documents by IHE MHD ITI-65: a submission set, its document references, and their bytes. */
  | { readonly kind: "documents"; readonly profile: string; readonly writes: readonly Write[] }
  | {
      readonly kind: "dicom";
      readonly dataset: DicomDataset;
      readonly blob: string;
      readonly study: string;
      readonly series: string;
      readonly instance: string;
      readonly patientId: string;
    }
  /** A rejection note (IHE IOCM) on photos that the archive has: `rejected` are their instances. */
  | {
      readonly kind: "reject";
      readonly dataset: DicomDataset;
      readonly study: string;
      readonly series: string;
      readonly instance: string;
      readonly patientId: string;
      readonly rejected: readonly string[];
    }
  /** Says of resources that are there already that they were entered in error, and leaves all else of them as it is. */
  | { readonly kind: "retract"; readonly references: readonly string[] }
  /** Puts other security labels on documents that are there already, and leaves all else of them as it is. */
  | { readonly kind: "mark"; readonly references: readonly string[]; readonly labels: readonly Json[] };

/** What the record view and the filing receipt say of one thing that was filed. */
export type Entry = {
  readonly id: string;
  readonly kind: FiledKind;
  readonly reference: string;
  readonly contentType?: string | undefined;
  readonly sha256?: string | undefined;
  /** FHIR reference of the Binary that holds its bytes. */
  readonly binary?: string | undefined;
};

export type Plan = {
  readonly steps: readonly Step[];
  readonly entries: readonly Entry[];
  /** Bytes that the steps name and that are not the picture itself. */
  readonly blobs: Readonly<Record<string, Uint8Array>>;
};

/** How documents name author and patient: inside each (MHD Comprehensive, which France asks for) or by reference (UnContained). */
export type DocumentFlavour = "contained" | "uncontained";

export type HospitalFacts = {
  readonly name: string;
  readonly address: string;
  /** Id of the Organization in the record, where it has one. */
  readonly organizationId?: string | undefined;
  /** Its FINESS number, nine digits: what secure mail and DMP name it by. */
  readonly finess?: string | undefined;
};

/** All that a plan is made from. `state` is the case up to and with the event that is filed, refused events left out. */
export type PlanContext = {
  readonly state: CaseState;
  readonly patient: Patient;
  readonly clinician: (userId: string) => Clinician | undefined;
  readonly team: (id: string) => CareTeam | undefined;
  readonly hospital: HospitalFacts;
  readonly language: "fr" | "en";
  readonly timeZone: string;
  readonly archive: boolean;
  readonly documents: DocumentFlavour;
  /** Host of the record, for audit events. */
  readonly recordHost: string;
  /** The certificate of whoever signed this event. */
  readonly certificate?: Certificate | undefined;
  /** The registry's signed word that a consent was withdrawn (compact JWS). */
  readonly proof?: string | undefined;
  /** The registry's keys, as a JWK Set, where they go with what is signed. */
  readonly registryKeys?: Uint8Array | undefined;
  readonly nowMs: number;
  /** What the record has of the case, as it was said when it was filed. */
  readonly entries?: readonly string[];
  /** The clip that is filed, as the archive takes it; undefined where there is none to convert, or nothing to convert it with. */
  readonly video?: Video | undefined;
  /** What it has of the case under another patient, in error. */
  readonly inError?: readonly string[];
  /** When the case's photos were read back, by event id. */
  readonly filedAtMs: ReadonlyMap<string, number>;
  /** Pictures of the case by event id, for the figures of the letter. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
};
