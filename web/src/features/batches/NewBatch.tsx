import { Page } from "~/shared/ui/Page";

export default function NewBatch() {
  return <Page title="NewBatch"><div /></Page>;
}
