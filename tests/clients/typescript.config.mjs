// @hey-api/openapi-ts reads one kind of body for each operation, JSON before forms: without this, no photo could be sent.
// (A batch is sent as JSON; its ZIP or list goes to POST /images first. openapi-typescript reads all kinds.)
const photos = ({ requestBody }) => {
  delete requestBody.content["application/json"];
};

export default {
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  parser: { patch: { operations: { "POST /api/v1/images": photos } } },
};
