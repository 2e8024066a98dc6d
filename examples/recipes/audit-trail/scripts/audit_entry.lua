-- Only the columns that changed are kept of an update; all of them of an insert or a delete.
local operations = { record_inserted = "INSERT", record_updated = "UPDATE", record_deleted = "DELETE" }
local before, after = old, new
if event.event_type == "record_updated" then
  before, after = {}, {}
  for column in pairs(changed) do
    before[column] = old[column] == nil and null or old[column]
    after[column] = new[column] == nil and null or new[column]
  end
end
return {
  operation = operations[event.event_type],
  who = event.user or "unknown",
  record = tostring(event.record_id),
  before = before or null,
  after = after or null,
}
