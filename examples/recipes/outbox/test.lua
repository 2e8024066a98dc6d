describe("transactional outbox", function()
  it("sends the payload to its topic, digit for digit", function()
    run.trigger("Outbox", fixture("written"))
    local request = spy("send").calls[1]
    expect(request.url).to_be("https://bus.example.com/topics/invoice.created")
    expect(json.encode(request.body)).to_be('{"invoice":9007199254740993,"total":0.1000000000000000000001}')
  end)

  it("signs it, under an id that stays the same on every retry", function()
    run.trigger("Outbox", fixture("written"))
    run.trigger("Outbox", fixture("written"))
    local first, second = spy("send").calls[1].headers, spy("send").calls[2].headers
    expect(first["webhook-id"]).to_be(second["webhook-id"])
    expect(first["webhook-signature"]).to_match("^v1,")
  end)
end)
