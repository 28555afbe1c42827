/** The API's types by the studio's names. Generated names stand here alone: where the API renames one, this file follows. */
import type { components } from "./schema";

type Schemas = components["schemas"];

// --- what is sold, and its photos ---
export type Product = Schemas["ProductView"];
export type ProductChange = Schemas["ProductChange"];
export type ProductOrder = Schemas["ProductOrder"];
export type Photo = Schemas["PhotoView"];
export type PhotoChange = Schemas["PhotoChange"];
export type PhotoPage = Schemas["Counted_PhotoView_"];
export type Finding = Schemas["Finding"];
export type Verdict = Schemas["Verdict"];
export type HintsRequest = Schemas["HintsRequest"];
/** A collection, a season or a category: a place of the library's tree. */
export type Place = Schemas["CollectionView"];
export type PlaceKind = Schemas["Kind"];
export type PlaceChange = Schemas["CollectionChange"];

export type ListView = Schemas["ListView"];
export type ListRow = Schemas["ListRow"];
export type ListColumn = Schemas["ListColumn"];

// --- what is made of it ---
export type Style = Schemas["StyleView"];
export type StyleOption = Schemas["OptionView"];
export type StyleChange = Schemas["StyleChange"];
export type Channel = Schemas["Channel"];
export type ChannelView = Schemas["ChannelView"];
export type Batch = Schemas["BatchView"];
export type BatchPage = Schemas["Page_BatchView_"];
export type BatchStarted = Schemas["BatchStarted"];
export type BatchStatus = Schemas["BatchProgress"];
export type SpecificationView = Schemas["SpecificationView"];
export type Specification = Schemas["Specification"];
export type Flag = Schemas["Flag"];
export type Failures = Schemas["Failures"];
export type Priority = Schemas["Priority"];
export type Item = Schemas["ItemView"];
export type ItemDetail = Schemas["ItemDetail"];
export type ItemPage = Schemas["Page_ItemView_"];
export type ItemStatus = Schemas["ItemStatus"];
export type ItemVersion = Schemas["VersionView"];
export type Rendition = Schemas["RenditionView"];
export type Reason = Schemas["ReasonView"];
export type Reviewed = Schemas["Reviewed"];
export type Job = Schemas["JobView"];
export type JobKind = Schemas["JobKind"];
export type PreviewRequest = Schemas["PreviewRequest"];

// --- where it goes ---
export type Export = Schemas["ExportView"];
export type ExportRequest = Schemas["ExportRequest"];
export type ExportDetail = Schemas["ExportDetail"];
export type ExportPlan = Schemas["Planned"];
export type ExportStarted = Schemas["ExportStarted"];
export type Delivery = Schemas["DeliveryView"];
export type Destination = Schemas["DestinationView"];
export type DestinationRequest = Schemas["DestinationRequest"];

// --- who works here ---
export type Session = Schemas["SessionView"];
export type Workspace = Schemas["WorkspaceView"];
export type WorkspaceChange = Schemas["WorkspaceChange"];
export type WatchedFolder = Schemas["Watch"];
export type Member = Schemas["MemberView"];
export type MemberChange = Schemas["MemberChange"];
export type Invite = Schemas["InviteView"];
export type ApiKey = Schemas["KeyView"];
export type ApiKeyRequest = Schemas["KeyRequest"];

/** What went wrong, as the API says it (RFC 9457). */
export type ProblemDetails = Schemas["Problem"];
