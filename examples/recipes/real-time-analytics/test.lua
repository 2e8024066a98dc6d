describe("real-time analytics", function()
  it("sends every event to the dashboard", function()
    run.trigger("User event", fixture("page_viewed"))
    expect(spy("dashboard")).to_be_called_with({
      body = { metric = "user_events.page_viewed", minute = "2025-08-05T10:00:00Z", value = 1 },
    })
    expect(spy("alert")).never.to_be_called()
  end)

  it("raises an alert for a failed checkout", function()
    run.trigger("User event", fixture("checkout_failed"))
    expect(spy("alert")).to_be_called_with({
      body = { title = "checkout_failed for user 17", details = { reason = "card declined", amount = 149.9 } },
    })
  end)

  it("keeps the dashboard's outage from hiding: the execution is retried", function()
    spy("dashboard").fails("HTTP 503", { retry_after = 30 })
    local result = run.trigger("User event", fixture("checkout_failed"))
    expect(result.status).to_be("retrying")
    expect(result.retry_after).to_be(30)
  end)
end)
