-- `new` is nil for a row that is really deleted.
if new == nil or new.deleted_at ~= nil then return { action = "remove", id = (new or old).id } end
return { action = "add", id = new.id, login = new.login }
