describe("fan-out", function()
  it("orders each part where it is made", function()
    run.trigger("Order to suppliers", fixture("two_suppliers"))
    expect(spy("acme").calls[1].body).to_equal({ reference = 42, lines = { { sku = "A-1", quantity = 2 } } })
    expect(spy("globex").calls[1].body).to_equal({ ref = 42, positions = { { sku = "B-2", quantity = 1 } } })
  end)

  it("leaves a supplier alone that has no part in it", function()
    run.trigger("Order to suppliers", fixture("one_supplier"))
    expect(spy("acme")).to_be_called(1)
    expect(spy("globex")).never.to_be_called()
  end)

  it("reports goods that nobody delivers", function()
    local event = fixture("one_supplier")
    event.new_values.items = { { sku = "X-9", quantity = 1 } }
    expect(function() run.transform("by_supplier", event) end).to_fail("no supplier has X-9")
  end)
end)
