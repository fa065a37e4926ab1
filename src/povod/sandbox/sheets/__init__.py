"""Google Sheets as far as a table of niches needs it (L9, L128): token, metadata, values.

GOOGLE_API_BASE_URL = {api}: the paths are Google's own (`/v4/spreadsheets/...`,
`/drive/v3/files`). The service account's key is google-sa-key.json in the state directory; its
`token_uri` is {api}/google/token. Spreadsheet `sandbox-niches` has the tab NICHES_INPUT.

GET /sandbox/sheets/<id>; POST /sandbox/sheets/<id> `{"tab", "values"}` sets a tab (or makes it, or
makes the spreadsheet); with `"after_reads": n` it happens right after the n-th further read of
values, as when somebody moves rows meanwhile. POST, DELETE /sandbox/sheets/<id>/faults plan
troubles (`helpers.planned`).
"""
