-- `item` is the bank's answer.
if new.method ~= "sepa" and new.method ~= "card" then event.reject("we take no " .. new.method) end
if item.body.state == "pending" then event.retry_after(600, "the bank has not settled it yet") end
return { order = new.order_id, amount = item.body.amount }
