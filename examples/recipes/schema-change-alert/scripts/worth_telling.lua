-- New objects break nobody; indexes concern the database's owner only.
return event.change_type ~= "CREATE" and event.object_type ~= "INDEX"
