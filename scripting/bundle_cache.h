#pragma once

#include <chrono>
#include <span>
#include <string>
#include <unordered_map>

#include "engine/base/guarded.h"
#include "scripting/protocol.h"

namespace rowhook {

// Scripts together with the scripts of the store they require, directly or not. What is looked up is believed
// for 100 ms; a changed module makes another bundle, so that hosts compile it anew. Thread safety: safe to
// share.
class BundleCache {
 public:
  BundleCache(ScriptLibrary library, ScriptLimits limits)
      : library_(std::move(library)), limits_(std::move(limits)) {}
  // What the library throws passes through.
  BundlePtr get(const ScriptPtr& script);
  // The script by itself, as compiling it needs no modules. Under the limits it is run with: a host that has
  // compiled it keeps them for the calls to come.
  std::shared_ptr<ScriptBundle> without_modules(const ScriptPtr& script) const;

 private:
  struct Entry {
    BundlePtr bundle;
    std::chrono::steady_clock::time_point made;
  };
  BundlePtr make(const ScriptPtr& script) const;

  const ScriptLibrary library_;
  const ScriptLimits limits_;
  Guarded<std::unordered_map<std::uint64_t, Entry>> entries_;
};

// A content hash: equal bytes, equal id.
std::uint64_t content_id(std::string_view bytes);
std::uint64_t id_with_modules(std::uint64_t script, std::span<const ScriptModule> modules);

}  // namespace rowhook
