describe("debounce", function()
  it("publishes after a pause", function()
    run.trigger("Document edited", fixture("after_a_minute"))
    expect(spy("publish")).to_be_called_with({ url = "https://site.example.com/documents/9b2f" })
  end)

  it("waits while somebody is typing", function()
    expect(run.trigger("Document edited", fixture("seconds_later")).verdict).to_be("filtered")
  end)

  it("works over midnight", function()
    local event = fixture("after_a_minute")
    event.old_values.updated_at = "2025-08-05T23:59:30.000000Z"
    event.new_values.updated_at = "2025-08-06T00:00:29.999999Z"
    expect(run.filter("after_a_pause", event)).to_be_false()
    event.new_values.updated_at = "2025-08-06T00:00:30.000000Z"
    expect(run.filter("after_a_pause", event)).to_be_true()
  end)
end)
