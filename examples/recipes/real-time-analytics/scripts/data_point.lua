-- The minute is the bucket of the dashboard's chart.
return {
  metric = "user_events." .. new.kind,
  kind = new.kind,
  user = new.user_id,
  minute = new.created_at:sub(1, 16) .. ":00Z",
  properties = new.properties,
  value = 1,
}
