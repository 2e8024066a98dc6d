describe("redaction", function()
  it("masks what is personal", function()
    local result = run.trigger("Customer for partner", fixture("upgraded"))
    expect(result.item).to_include({ email = "a***@example.com", iban = "******************3000", born = "1815" })
    expect(result.item.person).to_match("^%x+$")
  end)

  it("lets no value through that is not meant to leave", function()
    run.trigger("Customer for partner", fixture("upgraded"))
    local sent = json.encode(spy("send").calls[1].body)
    for _, secret in ipairs({ "Lovelace", "ada@example.com", "DE89", "12-10" }) do
      expect(sent).never.to_contain(secret)
    end
  end)

  it("does not leak a column that is added later", function()
    local event = fixture("upgraded")
    event.new_values.passport = "C01X00T47"
    expect(json.encode(run.transform("redacted", event))).never.to_contain("C01X00T47")
  end)

  it("copes with columns that are NULL and with an address that is none", function()
    local event = fixture("upgraded")
    event.new_values.iban = nil
    event.new_values.birthday = null
    event.new_values.iban = null
    event.new_values.email = "nobody"
    local result = run.transform("redacted", event)
    expect(result.email).to_be("***")
    expect(result.iban).to_be_nil()
  end)
end)
