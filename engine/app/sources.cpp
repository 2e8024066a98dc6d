#include "engine/app/sources.h"

#include "engine/base/log.h"
#include "engine/capture/source_types.h"

namespace rowhook {

const SourceType& source_type_of(const SourceSettings& settings) {
  if (const SourceType* type = find_source_type(settings.type, settings.method)) return *type;
  std::string methods;
  for (const SourceType& type : source_types())
    if (type.database == settings.type) methods += (methods.empty() ? "\"" : " or \"") + std::string(type.method) + "\"";
  throw PermanentError("changes of " + settings.type + " cannot be captured by '" + settings.method + "' in this version",
                       methods.empty() ? "watch PostgreSQL or SQLite"
                                       : "set \"monitoring\": {\"method\": " + methods + "} for connection '" + settings.connection + "'");
}

std::vector<Finding> examine(const SourceSettings& settings) {
  try {
    return source_type_of(settings).doctor(settings);
  } catch (const Error& error) {
    return {{Finding::Severity::error, "connection", error.what(), error.hint()}};
  }
}

Sources::Sources(Journal& journal, Metrics& metrics, const Clock& clock, Random random)
    : journal_(journal), metrics_(metrics), clock_(clock), random_(std::move(random)) {}

Sources::~Sources() { stop(); }

Sources::EntryPtr Sources::start(const SourceSettings& settings) {
  auto entry = std::make_shared<Entry>();
  entry->settings = settings;
  try {
    entry->intake = std::make_unique<Intake>(settings, source_type_of(settings).make(settings), journal_, clock_, metrics_,
                                             IntakeOptions{}, random_);
    entry->intake->start();
  } catch (const PermanentError& error) {
    log::error("a source cannot be captured", {{"source", settings.source}, {"reason", error.what()}, {"remedy", error.hint()}});
    entry->unusable.name = settings.source;
    entry->unusable.state = IntakeState::failed;
    entry->unusable.reason = error.what();
    entry->unusable.remedy = error.hint();
  }
  return entry;
}

void Sources::replace(const std::vector<SourceSettings>& settings) {
  const std::vector<EntryPtr> before = entries_.with([](const auto& entries) { return entries; });
  std::vector<EntryPtr> after, gone = before;
  for (const auto& wanted : settings) {
    const auto same = std::find_if(gone.begin(), gone.end(), [&](const EntryPtr& entry) { return entry->settings == wanted; });
    if (same == gone.end()) {
      after.push_back(nullptr);  // started below, once what it replaces is stopped
    } else {
      after.push_back(*same);
      gone.erase(same);
    }
  }
  for (const auto& entry : gone)
    if (entry->intake) entry->intake->stop();
  for (std::size_t i = 0; i < settings.size(); ++i)
    if (!after[i]) after[i] = start(settings[i]);
  entries_.with([&](auto& entries) { entries = after; });
}

void Sources::stop() {
  const auto entries = entries_.with([](auto& stored) { return std::exchange(stored, {}); });
  for (const auto& entry : entries)
    if (entry->intake) entry->intake->stop();
}

std::shared_ptr<Intake> Sources::find(const std::string& name) const {
  return entries_.with([&](const std::vector<EntryPtr>& entries) {
    for (const auto& entry : entries) {
      if (entry->settings.source != name) continue;
      if (!entry->intake) throw Conflict(entry->unusable.reason, entry->unusable.remedy);
      return std::shared_ptr<Intake>(entry, entry->intake.get());
    }
    throw NotFound("there is no source '" + name + "'");
  });
}

std::vector<Finding> Sources::doctor(const std::string& name) const {
  const auto entries = entries_.with([](const auto& stored) { return stored; });
  for (const auto& entry : entries)
    if (entry->settings.source == name) return examine(entry->settings);
  throw NotFound("there is no source '" + name + "'");
}

std::vector<SourceState> Sources::list() const {
  const auto entries = entries_.with([](const auto& stored) { return stored; });
  std::vector<SourceState> states;
  for (const auto& entry : entries) states.push_back(entry->intake ? entry->intake->state() : entry->unusable);
  return states;
}

void Sources::pause(const std::string& name) { find(name)->pause(); }
void Sources::resume(const std::string& name) { find(name)->resume(); }

}  // namespace rowhook
