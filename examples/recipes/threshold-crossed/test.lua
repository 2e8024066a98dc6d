describe("threshold crossed", function()
  it("orders when the stock falls below its level", function()
    run.trigger("Stock low", fixture("crossed"))
    expect(spy("order")).to_be_called_with({ body = { sku = "A-1", missing = 21 } })
  end)

  it("does not order again while it is low", function()
    expect(run.trigger("Stock low", fixture("still_low")).verdict).to_be("filtered")
  end)

  it("does not order when it is refilled", function()
    expect(run.trigger("Stock low", fixture("refilled")).verdict).to_be("filtered")
  end)

  it("holds at the border: exactly the level is enough", function()
    local event = fixture("crossed")
    event.new_values.stock = 10
    expect(run.trigger("Stock low", event).verdict).to_be("filtered")
    event.new_values.stock = 9.99
    expect(run.trigger("Stock low", event).verdict).to_be("matched")
  end)
end)
