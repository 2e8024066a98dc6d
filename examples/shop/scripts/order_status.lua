-- An order's status changed: what happened, for the log and for whoever reads the execution.
return {
  action = "status_change",
  order_id = new.id,
  old_status = old.status,
  new_status = new.status,
}
