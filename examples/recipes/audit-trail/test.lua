describe("audit trail", function()
  it("keeps what an update changed, and who did it", function()
    local result = run.trigger("Audit update", fixture("booked"))
    expect(result.status).to_be("completed")
    expect(result.item).to_equal({
      operation = "UPDATE", who = "anna", record = "9007199254740993",
      before = { state = "pending" }, after = { state = "booked" },
    })
    local params = spy("write").calls[1].params
    expect(params[1]).to_be(fixture("booked").event_id)
    expect(params[7]).to_be('{"state":"pending"}')
  end)

  it("keeps the whole row of a delete, with every digit", function()
    local result = run.trigger("Audit delete", fixture("removed"))
    expect(result.item).to_include({ operation = "DELETE", before = { id = 9007199254740993, amount = 1499.90 } })
    expect(result.item.after).to_be_nil()
  end)

  it("writes null where a column was NULL", function()
    expect(run.trigger("Audit insert", fixture("added")).item.who).to_be("unknown")
    expect(spy("write").calls[1].params[8]).to_contain('"note":null')
  end)

  it("is tried again when the audit database does not answer, and applies once", function()
    spy("write").fails("connection refused").returns({ rows = array(), affected = 1 })
    expect(run.trigger("Audit update", fixture("booked")).status).to_be("retrying")
  end)
end)
