local function at(moment)
  local event = fixture("warm")
  event.timestamp = moment
  event.metadata.captured_at = moment
  return event
end

describe("alert once per hour", function()
  it("raises the first alert", function()
    run.trigger("Too warm", at("2025-08-05T10:00:00.000000Z"))
    expect(spy("alert")).to_be_called_with({ body = { sensor = "cold-store-2", celsius = -11 } })
  end)

  it("is quiet for an hour, and not longer", function()
    run.trigger("Too warm", at("2025-08-05T10:00:00.000000Z"))
    expect(run.trigger("Too warm", at("2025-08-05T10:59:59.000000Z")).verdict).to_be("filtered")
    expect(spy("alert")).to_be_called(1)
    run.trigger("Too warm", at("2025-08-05T11:00:00.000000Z"))
    expect(spy("alert")).to_be_called(2)
  end)

  it("tells sensors apart", function()
    run.trigger("Too warm", at("2025-08-05T10:00:00.000000Z"))
    local other = at("2025-08-05T10:00:01.000000Z")
    other.new_values.sensor = "cold-store-3"
    run.trigger("Too warm", other)
    expect(spy("alert")).to_be_called(2)
  end)

  it("does not count an alert that was not sent", function()
    spy("alert").fails("HTTP 500", { permanent = true }).returns({ status = 200 })
    expect(run.trigger("Too warm", at("2025-08-05T10:00:00.000000Z")).status).to_be("dead_letter")
    expect(run.trigger("Too warm", at("2025-08-05T10:00:05.000000Z")).verdict).to_be("matched")
  end)

  it("says nothing while it is cold", function()
    expect(run.trigger("Too warm", fixture("cold")).predicate).to_be("celsius > limit_celsius")
  end)
end)
