import { Page } from "~/shared/ui/Page";

export default function Library() {
  return <Page title="Library"><div /></Page>;
}
