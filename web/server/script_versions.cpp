// What a script was, and how to have that back: GET /scripts/{name}/versions, POST /scripts/{name}/rollback.
#include <nlohmann/json.hpp>

#include "engine/base/line_diff.h"
#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/scripts_json.h"

namespace rowhook {
namespace {

std::vector<ScriptVersion> versions_of(const Call& call, const std::string& name) {
  auto versions = call.api.store().script_versions(name);
  if (versions.empty()) throw NotFound("there is no script '" + name + "'");
  return versions;
}

Json version_json(const ScriptVersion& version, const ScriptVersion* before, bool in_force) {
  return Json{
      {"revision", version.revision},
      {"updated_by", version.updated_by},
      {"created_at", format_rfc3339(version.created_at)},
      {"in_force", in_force},
      {"from_seq", version.from_seq},
      {"until_seq", version.until_seq == UINT64_MAX ? Json() : Json(version.until_seq)},
      {"restored_from", version.restored_from ? Json(*version.restored_from) : Json()},
      {"source", version.text},
      {"diff", line_diff(before ? std::string_view(before->text) : std::string_view(), version.text)}};
}

}  // namespace

ApiResponse list_script_versions(Call& call) {
  const std::string name = call.parameter();
  const auto versions = versions_of(call, name);
  const auto stored = call.api.store().script(name);
  std::vector<ShortListItem> items;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const Json item = version_json(versions[i], i + 1 < versions.size() ? &versions[i + 1] : nullptr,
                                   stored && stored->revision == versions[i].revision);
    items.push_back({std::to_string(versions[i].revision), item.dump()});
  }
  return short_list(call.query.page(), items);
}

ApiResponse rollback_script(Call& call) {
  const std::string name = call.parameter();
  const auto versions = versions_of(call, name);
  const Json body = json_body(call.request);
  if (!body.is_object() || !body.contains("revision") || !body["revision"].is_number_integer() ||
      body.size() != 1)
    throw InvalidInput(
        "the request is not valid: /revision: expected the number of the version to bring back",
        {{"/revision", "expected the number of the version to bring back"}});
  const auto wanted = body["revision"].get<std::int64_t>();
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const ScriptVersion& version) { return version.revision == wanted; });
  if (found == versions.end())
    throw NotFound("script '" + name + "' has no revision " + std::to_string(wanted),
                   "GET /api/v1/scripts/" + name + "/versions lists them");
  const auto stored = call.api.store().script(name);
  if (stored) check_if_match(call.request, stored->revision, true);
  StoredScript saved;
  try {
    saved = call.api.store().save_script(name, found->text, stored ? stored->revision : -1,
                                         call.request.principal.name, call.api.journal().last_seq(), wanted);
  } catch (const Conflict& conflict) {
    throw HttpError(412, "precondition-failed", conflict.what(), "GET it again and apply the change to that");
  }
  call.api.changed();
  return script_response(saved, nullptr);
}

}  // namespace rowhook
