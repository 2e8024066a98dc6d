#include "engine/router/router.h"

#include <algorithm>
#include <unordered_map>

#include "engine/base/log.h"
#include "engine/router/predicates.h"

namespace rowhook {

namespace {

struct Route {
  std::string source, event_type;
};
struct RouteView {
  std::string_view source, event_type;
};
struct RouteHash {
  using is_transparent = void;
  std::size_t operator()(const RouteView& route) const {
    return std::hash<std::string_view>{}(route.source) * 31 + std::hash<std::string_view>{}(route.event_type);
  }
  std::size_t operator()(const Route& route) const {
    return (*this)(RouteView{route.source, route.event_type});
  }
};
struct RouteEqual {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return a.source == b.source && a.event_type == b.event_type;
  }
};

// The revisions of one (source, event_type), each list by (trigger id, from_seq).
struct Revisions {
  std::vector<CompiledTriggerPtr> in_force;  // until_seq is open
  std::vector<CompiledTriggerPtr> replaced;
  std::uint64_t replaced_until = 0;  // no replaced revision holds from here on
};

bool holds(const Trigger& trigger, std::uint64_t seq) {
  if (seq == 0) return trigger.until_seq == UINT64_MAX;  // not journaled: what is in force now
  return trigger.from_seq <= seq && seq < trigger.until_seq;
}

bool by_id(const CompiledTriggerPtr& a, const CompiledTriggerPtr& b) {
  return std::pair(a->trigger.id, a->trigger.from_seq) < std::pair(b->trigger.id, b->trigger.from_seq);
}

// What a script logs while it decides belongs to nobody's execution: it goes to the engine's log.
void log_lines(const ScriptCall& call, const ScriptResult& result) {
  for (const auto& line : result.logs) {
    const auto write = line.level == "error"     ? log::error
                       : line.level == "warning" ? log::warning
                                                 : log::info;
    write(line.message, {{"script", call.script->name}, {"event", call.event->id}});
  }
}

}  // namespace

struct Router::Impl {
  std::unordered_map<Route, Revisions, RouteHash, RouteEqual> routes;
  std::unordered_map<std::int64_t, std::vector<CompiledTriggerPtr>> by_trigger;
  std::size_t active = 0;

  const Revisions* find(const Event& event) const {
    const auto found = routes.find(RouteView{event.shape->source, event.type});
    return found == routes.end() ? nullptr : &found->second;
  }
};

std::string_view to_string(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::matched:
      return "matched";
    case VerdictKind::filtered:
      return "filtered";
    case VerdictKind::inactive:
      return "inactive";
    case VerdictKind::error:
      return "error";
    case VerdictKind::throttled:
      return "throttled";
    case VerdictKind::loop:
      return "loop";
    case VerdictKind::no_node:
      return "no_node";
  }
  return "error";
}

unsigned hops_of(const Event& event) {
  constexpr std::string_view member = "\"hops\":";
  const auto at = event.extra.find(member);
  if (at == std::string::npos) return 0;
  unsigned hops = 0;
  for (std::size_t i = at + member.size(); i < event.extra.size() && hops <= max_hops; ++i) {
    const char c = event.extra[i];
    if (c == ' ' && hops == 0) continue;
    if (c < '0' || c > '9') break;
    hops = hops * 10 + static_cast<unsigned>(c - '0');
  }
  return hops;
}

bool Router::considers(const CompiledTrigger& trigger, const Event& event) {
  if (trigger.broken) return true;  // the error is the match
  if (!tables_match(trigger.tables, *event.shape)) return false;
  if (columns_changed(trigger.changed, event) == Changed::no) return false;
  return !trigger.where || trigger.where->evaluate(EventScope(event)) == Condition::Truth::yes;
}

Router::Router(std::vector<Trigger> revisions, const ScriptText& scripts) {
  auto impl = std::make_shared<Impl>();
  for (auto& revision : revisions) {
    const auto compiled = compile_trigger(std::move(revision), scripts);
    const Trigger& trigger = compiled->trigger;
    impl->by_trigger[trigger.id].push_back(compiled);
    auto& route = impl->routes[{trigger.source, trigger.event_type}];
    if (trigger.until_seq == UINT64_MAX) {
      route.in_force.push_back(compiled);
      if (trigger.is_active) ++impl->active;
    } else {
      route.replaced.push_back(compiled);
      route.replaced_until = std::max(route.replaced_until, trigger.until_seq);
    }
  }
  for (auto& [route, lists] : impl->routes) {
    std::sort(lists.in_force.begin(), lists.in_force.end(), by_id);
    std::sort(lists.replaced.begin(), lists.replaced.end(), by_id);
  }
  for (auto& [id, list] : impl->by_trigger) std::sort(list.begin(), list.end(), by_id);
  impl_ = std::move(impl);
}

std::vector<Candidate> Router::candidates(const std::vector<EventPtr>& events) const {
  std::vector<Candidate> out;
  const Shape* shape = nullptr;  // neighbours in a batch mostly share shape and type
  std::string_view type;
  const Revisions* route = nullptr;
  for (const auto& event : events) {
    if (event->shape.get() != shape || event->type != type) {
      shape = event->shape.get();
      type = event->type;
      route = impl_->find(*event);
    }
    if (!route) continue;
    const auto consider = [&](const CompiledTriggerPtr& trigger) {
      if (trigger->trigger.is_active && holds(trigger->trigger, event->seq) && considers(*trigger, *event))
        out.push_back({trigger, event});
    };
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (const auto& trigger : route->in_force) consider(trigger);
    if (event->seq == 0 || event->seq >= route->replaced_until) continue;
    for (const auto& trigger : route->replaced) consider(trigger);
    std::sort(out.begin() + first, out.end(),
              [](const Candidate& x, const Candidate& y) { return by_id(x.trigger, y.trigger); });
  }
  return out;
}

std::vector<Match> Router::evaluate(const std::vector<Candidate>& candidates, ScriptEngine& engine) {
  std::vector<Match> matches;
  matches.reserve(candidates.size());
  std::vector<ScriptCall> calls;
  std::vector<std::size_t> places;  // of each call's match
  const auto run = [&](const auto& decide) {
    if (calls.empty()) return;
    auto results = engine.run(calls);
    for (std::size_t i = 0; i < results.size(); ++i) {
      Match& match = matches[places[i]];
      match.script_time += results[i].time;
      log_lines(calls[i], results[i]);
      if (results[i].error) {
        match.error = std::move(results[i].error);
        match.item = nullptr;
      } else {
        decide(match, results[i]);
      }
    }
    calls.clear();
    places.clear();
  };
  for (const auto& candidate : candidates) {
    Match match{candidate.trigger, candidate.event, nullptr, candidate.trigger->broken};
    if (!match.error) match.item = std::make_shared<const Item>(candidate.event);
    if (!match.error && candidate.trigger->filter) {
      calls.push_back({candidate.trigger->filter, candidate.event, nullptr});
      places.push_back(matches.size());
    }
    matches.push_back(std::move(match));
  }
  run([](Match& match, const ScriptResult& result) {
    if (!result.pass) match.item = nullptr;
  });
  for (std::size_t i = 0; i < matches.size(); ++i)
    if (matches[i].item && matches[i].trigger->transform) {
      calls.push_back({matches[i].trigger->transform, matches[i].event, nullptr});
      places.push_back(i);
    }
  run([](Match& match, ScriptResult& result) {
    match.item = result.pass ? std::make_shared<const Item>(std::move(result.result)) : nullptr;
  });
  return matches;
}

std::vector<Match> Router::match(const std::vector<EventPtr>& events, ScriptEngine& engine) const {
  auto matches = evaluate(candidates(events), engine);
  std::erase_if(matches, [](const Match& match) { return !match.fires(); });
  return matches;
}

Match Router::rematch(const CompiledTriggerPtr& trigger, const EventPtr& event, ScriptEngine& engine) {
  return std::move(evaluate({{trigger, event}}, engine).front());
}

std::vector<Verdict> Router::explain(const EventPtr& event, ScriptEngine& engine) const {
  std::vector<CompiledTriggerPtr> triggers;
  if (const Revisions* route = impl_->find(*event))
    for (const auto* list : {&route->in_force, &route->replaced})
      for (const auto& trigger : *list)
        if (holds(trigger->trigger, event->seq)) triggers.push_back(trigger);
  std::sort(triggers.begin(), triggers.end(), by_id);
  std::vector<Verdict> verdicts;
  verdicts.reserve(triggers.size());
  for (const auto& trigger : triggers) verdicts.push_back(explain(trigger, event, engine));
  return verdicts;
}

CompiledTriggerPtr Router::revision_at(std::int64_t trigger_id, std::uint64_t seq) const {
  const auto found = impl_->by_trigger.find(trigger_id);
  if (found == impl_->by_trigger.end()) return nullptr;
  for (const auto& revision : found->second)
    if (holds(revision->trigger, seq)) return revision;
  return nullptr;
}

CompiledTriggerPtr Router::current(std::int64_t trigger_id) const { return revision_at(trigger_id, 0); }

std::size_t Router::active_count() const { return impl_->active; }

}  // namespace rowhook
