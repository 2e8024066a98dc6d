// POST /events: what clients write becomes events. Pure but for the counter of ids.
#pragma once

#include <string>
#include <vector>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "web/server/api.h"
#include "web/server/post_groups.h"

namespace rowhook {

struct PostedRequest {
  Post post;
  bool batch = false;  // answered with a list, even if it holds one event
};

// Reads the body by its media type:
// - application/json without ce- fields: {event_type, data, metadata {source, timestamp, user_id,
// additional_data, hops}};
//   the source is `api` by default, the id is made here;
// - application/json with ce- fields: CloudEvents 1.0, binary mode; application/cloudevents+json: structured;
//   application/cloudevents-batch+json: an array of at most 1000. event_id is "{source}:{id}", so a
//   redelivery is recognised; source and type are turned into our forms ("https://shop.example/orders" ->
//   "shop-example-orders", "com.example.Paid" -> "com_example_paid") and stand as they were sent in
//   metadata.cloudevent.
// An object as data becomes new_values; anything else stands under `data`. Every digit stays.
// Throws HttpError 400 (not JSON), InvalidInput with pointers.
PostedRequest posted_events(const ApiRequest& request, const Clock& clock, const Random& random);

}  // namespace rowhook
