#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/spec.h"

namespace rowhook {

// A row of workflow_triggers. `config` is validated by trigger_config_spec().
struct Trigger {
  std::int64_t id = 0;
  std::string name, description, workflow_id, source, event_type;
  std::optional<std::string> target_node_id;
  nlohmann::json config = nlohmann::json::object();
  bool is_active = true;
  Micros created_at = 0, updated_at = 0;
  // Which version of the trigger this is, and from which journal seq on it holds. Routing is a pure function
  // of (event, revision); revisions that are no longer in force are kept for explain.
  std::int64_t revision = 1;
  std::uint64_t from_seq = 0;
  std::uint64_t until_seq = UINT64_MAX;  // exclusive; when it was replaced or deleted
};

// tables, changed, where, filter | filter_script, transform | transform_script, ordering, retry, endpoint,
// secret, format.
const Spec& trigger_config_spec();

// Checks everything that can be checked without the store: columns' CHECKs (name 3-255 characters after
// trimming, source and event_type formats, target_node_id characters), the config, its condition. Scripts are
// checked by the caller.
std::vector<Problem> validate_trigger(const Trigger& trigger);

nlohmann::json to_json(const Trigger& trigger);  // the API's shape, times as RFC 3339, secrets as "***"
// Reads the API's shape; defaults for what is absent, an empty target_node_id is none, `endpoint` and
// `secret` may stand beside `config`. Problems with pointers, also for unknown members; when the shape is
// right, those of validate_trigger, too. With an endpoint, workflow_id may be missing: the caller makes the
// one-node webhook workflow.
Trigger trigger_from_json(const nlohmann::json& json, std::vector<Problem>& problems);
// A client that sends back what to_json gave it sends "***" for the secret: puts the stored one in its place.
void keep_secret(Trigger& update, const Trigger& stored);

}  // namespace rowhook
